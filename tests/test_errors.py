"""Messages that are alike become one."""

from usdrl_mmaction.errors import grouped


def test_messages_that_differ_in_files_lines_and_numbers_are_one():
    found = grouped(
        [
            'a.csv, line 3: 1 field, but the header has 4.',
            'day1/b.csv, line 70: 3 fields, but the header has 4.',
            'x.csv, line 9: 2 fields, but the header has 4.',
            'c.npy is not a whole NPY file.',
            'day1/d.npy is not a whole NPY file.',
            "e.csv: label 'walk' is not one of the 2 classes.",
            "f.csv: label 'run' is not one of the 2 classes.",
        ]
    )
    assert found == [
        'a.csv, line 3: 1 field, but the header has 4.',
        'day1/b.csv, line 70: 3 fields, but the header has 4. (1 more like this)',
        'c.npy is not a whole NPY file. (1 more like this)',
        "e.csv: label 'walk' is not one of the 2 classes.",
        "f.csv: label 'run' is not one of the 2 classes.",
    ]
    assert grouped([]) == []
