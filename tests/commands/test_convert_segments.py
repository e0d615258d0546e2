"""Videos and a table of their segments become an annotation file that detectors are fitted to."""

import numpy as np
import pytest

from usdrl_mmaction.body import body_mapping
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.synthetic.movement import make_movement

FRAMES = 90


@pytest.fixture
def videos(tmp_path):
    rng = np.random.default_rng(0)
    for name in ('one', 'two', 'three'):
        (tmp_path / 'videos').mkdir(exist_ok=True)
        np.save(tmp_path / f'videos/{name}.npy', rng.normal(size=(FRAMES, 17, 2)) * 100 + 500)
    return tmp_path


def convert(run_command, place, table, *options):
    (place / 'table.csv').write_text(table)
    arguments = [place / 'videos', place / 'my.pkl', '--layout', 'coco', '--segments', place / 'table.csv']
    run_command('convert', *arguments, '--workers', 1, *options)
    return read_annotations(str(place / 'my.pkl'))


def test_frames_and_seconds_give_the_same(run_command, videos, capsys):
    frames = convert(run_command, videos, 'video,label,start,end\none,wave,10,40\none,sit,50,80\ntwo.npy,sit,0,90\n')
    by_name = {item['frame_dir']: item for item in frames['annotations']}
    assert frames['meta']['classes'] == ['sit', 'wave']
    np.testing.assert_array_equal(by_name['one']['segments'], [[2, 10, 40], [1, 50, 80]])
    np.testing.assert_array_equal(by_name['two']['segments'], [[1, 0, 90]])
    assert set(by_name) == {'one', 'two'} and by_name['one']['label'] == -1
    printed = capsys.readouterr()
    assert '2 classes' in printed.out and 'three.npy has no segments' in printed.err
    seconds = convert(
        run_command, videos, 'end_s,video,label,start_s\n1.6,one,wave,0.4\n3.2,one,sit,2\n3.6,two,sit,0\n', '--fps', 25
    )
    for item in seconds['annotations']:
        np.testing.assert_array_equal(item['segments'], by_name[item['frame_dir']]['segments'])


def test_background_is_no_class(run_command, videos):
    content = convert(run_command, videos, 'video,label,start,end\none,Background,0,10\none,wave,10,40\ntwo,wave,1,9\n')
    assert content['meta']['classes'] == ['wave']
    assert [len(item['segments']) for item in content['annotations']] == [1, 1]


@pytest.mark.parametrize('row, message', [
    ('one,wave,40,10', 'one.npy: wave from frame 40 to 10 is not in its 90 frames'),
    ('one,wave,80,91', 'one.npy: wave from frame 80 to 91 is not in its 90 frames'),
    ('one,wave,5,30\none,sit,20,40', 'one.npy: wave until frame 30 and sit from 20 overlap'),
    ('four,wave,5,30', "line 2: there is no recording 'four'"),
])  # fmt: skip
def test_segments_that_cannot_be_are_named_and_skipped(run_command, videos, capsys, row, message):
    convert(run_command, videos, f'video,label,start,end\n{row}\ntwo,wave,1,9\nthree,wave,1,9\n')
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('table, message', [
    ('video,label,start\none,wave,1\n', 'the columns are video,label,start,end or start_s,end_s'),
    ('video,label,start,end\none,wave,soon,9\n', "line 2: 'soon'"),
])  # fmt: skip
def test_tables_that_cannot_be_read(run_command, videos, table, message):
    with pytest.raises(SystemExit) as end:
        convert(run_command, videos, table)
    assert message in str(end.value.code)


def test_any_body_becomes_the_body(run_command, videos, tmp_path):
    """Recordings of several layouts, in one file for the corpus of the foundation encoder."""
    walk = make_movement(1)['annotations'][0]['keypoint']
    for path in (videos / 'videos').iterdir():
        path.unlink()
    np.save(videos / 'videos/kinect.npy', walk)
    np.save(videos / 'videos/body.npy', body_mapping('nturgb+d')(walk))
    run_command('convert', videos / 'videos', tmp_path / 'takes.pkl', '--layout', 'body', '--no-labels', '--workers', 1)
    one, other = read_annotations(str(tmp_path / 'takes.pkl'))['annotations']
    np.testing.assert_allclose(one['keypoint'], other['keypoint'], atol=1e-5)
    run_command('corpus', tmp_path / 'takes.pkl', '--movements', 2, '--actions', 0, '--out', tmp_path / 'corpus.pkl')
    assert read_annotations(str(tmp_path / 'corpus.pkl'))['meta']['sources'][0]['clips'] >= 2
