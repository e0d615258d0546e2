"""PKU-MMD: from text files to actions and videos."""

import numpy as np
import pytest
from raw_files import moving, replace_line, write_pkummd

from usdrl_mmaction.datasets import read_annotations

FRAMES = 60
LABELS = {
    '0001-L': '1,5,20,2\n51,30,60,1\n',
    '0001-M': '3,0,10,2\n',
    '0002-L': '7,10,25,2\n8,25,26,2\n',
    '0002-M': '9,1,59,2\n',
}
SPLITS = {
    'subject': 'Training videos:\n0001-L, 0001-M\nValidataion videos:\n0002-L, 0002-M,\n',
    'view': 'Training videos:\n0001-L, 0002-L\nValidataion videos:\n0001-M, 0002-M\n',
}


@pytest.fixture
def raw(tmp_path):
    """Four videos of 60 frames: in the first the second person comes at frame 20, in the others never."""
    for folder in ('skeletons', 'labels', 'splits'):
        (tmp_path / folder).mkdir()
    for seed, (video, labels) in enumerate(LABELS.items()):
        keypoint = moving(2, frames=FRAMES, seed=seed)
        keypoint[1, : FRAMES if seed else 20] = 0
        write_pkummd(tmp_path / f'skeletons/{video}.txt', keypoint)
        (tmp_path / f'labels/{video}.txt').write_text(labels)
    for name, text in SPLITS.items():
        (tmp_path / f'splits/cross-{name}.txt').write_text(text)
        (tmp_path / f'splits/cross_{name}_v2.txt').write_text(text)
    return tmp_path


@pytest.fixture
def convert(raw, run_command):
    def run(part=1, workers=1):
        folders = [raw / name for name in ('skeletons', 'labels', 'splits')]
        run_command('convert-pkummd', part, *folders, '--out-dir', raw / 'out', '--workers', workers)
        names = (f'pkummd{part}.pkl', f'pkummd{part}_untrimmed.pkl')
        return [read_annotations(str(raw / 'out' / name)) for name in names]

    return run


def by_name(content):
    return {item['frame_dir']: item for item in content['annotations']}


@pytest.mark.parametrize('part, workers', [(1, 1), (2, 2)])
def test_actions_and_videos(convert, capsys, part, workers):
    trimmed, untrimmed = convert(part, workers)
    videos, actions = by_name(untrimmed), by_name(trimmed)

    first = moving(2, frames=FRAMES)
    first[1, :20] = 0
    np.testing.assert_array_equal(videos['0001-L']['keypoint'], first)
    np.testing.assert_array_equal(videos['0001-L']['segments'], [(1, 5, 20), (51, 30, 60)])
    np.testing.assert_array_equal(videos['0001-M']['keypoint'], moving(2, frames=FRAMES, seed=1)[:1])
    assert videos['0001-M']['total_frames'] == FRAMES and videos['0001-M']['camera'] == 'M'
    assert untrimmed['split'] == {
        'xsub_train': ['0001-L', '0001-M'],
        'xsub_val': ['0002-L', '0002-M'],
        'xview_train': ['0001-L', '0002-L'],
        'xview_val': ['0001-M', '0002-M'],
    }

    np.testing.assert_array_equal(actions['0001-L_001']['keypoint'], first[:1, 5:20])  # before the second person comes
    np.testing.assert_array_equal(actions['0001-L_002']['keypoint'], first[:, 30:])
    labels = {name: item['label'] for name, item in actions.items()}
    assert labels == {
        '0001-L_001': 0,
        '0001-L_002': 50,
        '0001-M_001': 2,
        '0002-L_001': 6,
        '0002-L_002': 7,
        '0002-M_001': 8,
    }
    assert trimmed['split']['xsub_val'] == ['0002-L_001', '0002-L_002', '0002-M_001']
    assert trimmed['split']['xview_train'] == ['0001-L_001', '0001-L_002', '0002-L_001', '0002-L_002']
    meta = trimmed['meta']
    assert (meta['layout'], meta['fps'], len(meta['classes']), meta['source']) == (
        'nturgb+d',
        30,
        51,
        f'PKU-MMD {"I" * part}',
    )
    output = capsys.readouterr().out
    assert '4 clips, 240 frames, 6 classes, unknown subjects; nothing skipped' in output
    assert '6 clips, 129 frames, 6 classes' in output


def test_faulty_files_and_labels_are_skipped_counted_and_named(raw, convert, capsys):
    replace_line(raw / 'skeletons/0001-M.txt', 7, '0.1 0.2')
    (raw / 'labels/0002-L.txt').write_text('7,25,10,2\n8,25,26,2\n')
    (raw / 'labels/0002-M.txt').write_text('9,1,59,2\n10,50,70,2\n')
    write_pkummd(raw / 'skeletons/0003-L.txt', moving(2))
    (raw / 'labels/0003-L.txt').write_text('1,0,4,2\n')
    trimmed, untrimmed = convert()
    assert list(by_name(untrimmed)) == ['0001-L', '0002-M']
    assert list(by_name(trimmed)) == ['0001-L_001', '0001-L_002', '0002-L_002', '0002-M_001', '0002-M_002']
    np.testing.assert_array_equal(by_name(untrimmed)['0002-M']['segments'], [(9, 1, 59), (10, 50, 60)])
    assert by_name(trimmed)['0002-M_002']['total_frames'] == 10
    assert untrimmed['split']['xsub_val'] == ['0002-M']
    done = capsys.readouterr()
    for reason in (
        '0001-M.txt, line 7: 2 numbers, not 150',
        '0002-L.txt, line 1: a segment cannot be from 25 to 10',
        '0002-L.txt is left out of the untrimmed videos',
        '0002-M.txt, line 2: the end 70 is set to the end of the video, 60',
        '0003-L is in no split',
        '0003-L_001 is in no split',
    ):
        assert reason in done.err
    assert done.out.count('5 skipped or cut') == 2


def test_a_segment_with_nobody_in_it(raw, convert, capsys):
    keypoint = moving(2, frames=FRAMES)
    keypoint[:, :25] = 0
    write_pkummd(raw / 'skeletons/0001-L.txt', keypoint)
    trimmed, untrimmed = convert()
    assert '0001-L_001' not in by_name(trimmed) and '0001-L' in by_name(untrimmed)
    assert '0001-L.txt, line 1: nobody is seen from 5 to 20' in capsys.readouterr().err


def test_videos_of_the_splits_without_a_file_are_reported(raw, convert, capsys):
    (raw / 'skeletons/0002-M.txt').unlink()
    assert convert()[1]['split']['xview_val'] == ['0001-M']
    assert '0002-M is in the splits, but not in' in capsys.readouterr().err


def test_broken_splits_or_empty_folders_write_nothing(raw, convert):
    (raw / 'splits/cross-view.txt').write_text('Train\n0001-L, 0002-L\nValid\n0001-L\n')
    with pytest.raises(SystemExit, match=r"error: .*cross-view.txt, line 4: '0001-L' is for training and for valid"):
        convert()
    (raw / 'splits/cross-view.txt').unlink()
    with pytest.raises(SystemExit, match=r'error: There is no file .*cross-view.txt'):
        convert()
    assert not (raw / 'out').exists()


def test_if_nothing_is_left_the_old_files_remain(raw, convert):
    convert()
    before = {path: path.read_bytes() for path in (raw / 'out').iterdir()}
    for path in (raw / 'skeletons').iterdir():
        path.write_text('')
    with pytest.raises(SystemExit, match='nothing is left to write'):
        convert()
    assert {path: path.read_bytes() for path in (raw / 'out').iterdir()} == before
    assert len(before) == 2
