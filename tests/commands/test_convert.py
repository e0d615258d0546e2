"""Own recordings: every format, labels from folders or a table, reproducible splits."""

import json

import numpy as np
import pytest
from raw_files import mmpose_instance, moving, write_openpose, write_skeleton

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.skeletons import LAYOUTS, get_skeleton, joint_mapping

COCO = get_skeleton('coco').names


@pytest.fixture
def convert(tmp_path, run_command):
    def run(*arguments, layout='coco', folder='recordings', workers=1):
        out = tmp_path / 'out/my.pkl'
        folder = tmp_path / folder
        layout = ['--layout', layout] if layout else []
        run_command('convert', folder, out, *layout, '--workers', workers, *arguments)
        return read_annotations(str(out))

    return run


@pytest.fixture
def record(tmp_path):
    """Saves a recording of 17 joints in 3D as an NPZ file."""

    def save(name, keypoint=None):
        path = tmp_path / 'recordings' / f'{name}.npz'
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, keypoint=moving(joints=17) if keypoint is None else keypoint)

    return save


def by_name(content):
    return {item['frame_dir']: item for item in content['annotations']}


def test_all_formats_in_folders_of_their_labels(tmp_path, convert):
    keypoint = moving(joints=17, coordinates=2) * 100
    score = np.ones((1, 6, 17), np.float32)
    root = tmp_path / 'recordings'
    for label in ('run', 'walk'):
        (root / label).mkdir(parents=True)
    order = np.random.default_rng(0).permutation(17)
    header = ','.join(f'{COCO[joint]}_{channel}' for joint in order for channel in ('x', 'y', 'score'))
    rows = np.concatenate([keypoint[0], score[0][..., None]], -1)[:, order].reshape(6, -1)
    (root / 'run/a.csv').write_text('\n'.join([header, *(','.join(map(str, row)) for row in rows)]))
    np.savez(root / 'run/b.npz', keypoint=keypoint, keypoint_score=score, img_shape=(480, 640))
    frames = [{'frame_id': t, 'instances': [mmpose_instance(keypoint[0, t], 1.0)]} for t in range(6)]
    (root / 'walk/c.json').write_text(json.dumps({'instance_info': frames}))
    write_openpose(root / 'walk/d', {t: [np.concatenate([keypoint[0, t], score[0, t, :, None]], -1)] for t in range(6)})
    content = convert('--img-shape', 1080, 1920, '--fps', 25)
    items = by_name(content)
    assert {name: item['label'] for name, item in items.items()} == {'run/a': 0, 'run/b': 0, 'walk/c': 1, 'walk/d': 1}
    for item in items.values():
        np.testing.assert_allclose(item['keypoint'], keypoint, rtol=1e-6)
        np.testing.assert_array_equal(item['keypoint_score'], score)
        assert item['keypoint'].dtype == item['keypoint_score'].dtype == np.float32
    assert items['run/b']['img_shape'] == (480, 640) and items['run/a']['img_shape'] == (1080, 1920)
    assert content['meta'] == {'layout': 'coco', 'classes': ['run', 'walk'], 'fps': 25, 'source': 'recordings'}
    assert sorted(map(len, content['split'].values())) == [2, 2]
    assert {name[0] for name in content['split']['val']} == {'r', 'w'}  # one of each class


def test_skeleton_files_and_several_processes(tmp_path, convert):
    root = tmp_path / 'recordings'
    for label in ('run', 'walk'):
        (root / label).mkdir(parents=True)
        for index in range(5):
            write_skeleton(root / label / f'{index}.skeleton', moving(3, seed=index))
    content = convert('--num-person', 1, layout='nturgb+d', workers=2)
    assert list(by_name(content)) == [f'{label}/{index}' for label in ('run', 'walk') for index in range(5)]
    assert all(item['keypoint'].shape == (1, 6, 25, 3) for item in content['annotations'])
    assert [len(members) for members in content['split'].values()] == [8, 2]


TABLE = 'name,label,subject,split\na.npz,walk,s1,day\nsub/b,run,s1,day\nc,walk,s2,night\n'


def test_a_table_of_labels_subjects_and_splits(tmp_path, record, convert, capsys):
    for seed, name in enumerate(('a', 'sub/b', 'c')):
        record(name, moving(joints=17, seed=seed))
    (tmp_path / 'recordings/labels.csv').write_text(TABLE)
    content = convert('--labels', tmp_path / 'recordings/labels.csv')
    items = by_name(content)
    assert {name: (item['label'], item['subject']) for name, item in items.items()} == {
        'a': (1, 's1'),
        'sub/b': (0, 's1'),
        'c': (1, 's2'),
    }
    assert content['split'] == {'day': ['a', 'sub/b'], 'night': ['c']}
    np.testing.assert_array_equal(items['c']['keypoint'], moving(joints=17, seed=2))
    assert all('split' not in item for item in items.values())
    assert '3 clips, 18 frames, 2 classes, 2 subjects; nothing skipped' in capsys.readouterr().out


def test_classes_are_in_the_given_order_or_sorted_by_number(tmp_path, record, convert):
    for label in ('10', '9', '2'):
        record(f'{label}/clip')
    assert convert()['meta']['classes'] == ['2', '9', '10']
    (tmp_path / 'classes.txt').write_text('10\n9\n2\n7\n')
    content = convert('--classes', tmp_path / 'classes.txt')
    assert {item['frame_dir']: item['label'] for item in content['annotations']} == {
        '10/clip': 0,
        '9/clip': 1,
        '2/clip': 2,
    }
    assert content['meta']['classes'] == ['10', '9', '2', '7']


def test_recordings_without_labels(record, convert):
    for index in range(10):
        record(f'{index}')
    content = convert('--no-labels', '--val-share', 0.3)
    assert {item['label'] for item in content['annotations']} == {-1} and content['meta']['classes'] == []
    assert [len(content['split'][half]) for half in ('train', 'val')] == [7, 3]


def test_subjects_are_on_one_side_and_the_seed_decides(tmp_path, record, convert):
    rows = ['name,label,subject']
    for subject in range(10):
        for index in range(3):
            record(f'{subject}_{index}')
            rows.append(f'{subject}_{index},{index % 2},{subject}')
    (tmp_path / 'labels.csv').write_text('\n'.join(rows))
    splits = [convert('--labels', tmp_path / 'labels.csv', '--seed', seed)['split'] for seed in (0, 0, 1, 2)]
    assert splits[0] == splits[1] and len({tuple(split['val']) for split in splits}) > 1
    for split in splits:
        subjects = {half: {name[0] for name in split[half]} for half in split}
        assert not subjects['train'] & subjects['val']
        assert (len(split['train']), len(split['val'])) == (24, 6)


def test_broken_recordings_are_skipped_counted_and_named(tmp_path, record, convert, capsys):
    record('run/good')
    record('run/infinite', np.full((1, 6, 17, 3), np.inf))
    record('run/joints', moving())
    record('run/nobody', np.zeros((1, 6, 17, 3)))
    (tmp_path / 'recordings/run/cut.csv').write_text('nose_x,nose_y\n1,2\n3\n')
    (tmp_path / 'recordings/run/empty.json').write_text('')
    (tmp_path / 'recordings/run/notes.md').write_text('not a recording')
    content = convert()
    assert list(by_name(content)) == ['run/good'] and content['split'] == {'train': ['run/good'], 'val': []}
    done = capsys.readouterr()
    for reason in (
        "infinite.npz: 'keypoint' is infinite at (0, 0, 0, 0)",
        'joints.npz: 25 joints, but the layout has 17',
        'nobody.npz: nobody is seen',
        'cut.csv, line 3: 1 field, but the header has 2',
        'empty.json is empty',
    ):
        assert reason in done.err
    assert '1 clip, 6 frames, 1 class, unknown subjects; 5 skipped' in done.out


def test_rows_without_recordings_and_recordings_without_rows(tmp_path, record, convert, capsys):
    for name in ('a', 'b', 'c', 'd'):
        record(name)
    (tmp_path / 'labels.csv').write_text('name,label,split\na,x,train\nb,,train\ne,x,train\nc,x,\nd,z,val\n')
    (tmp_path / 'classes.txt').write_text('x\ny\n')
    content = convert('--labels', tmp_path / 'labels.csv', '--classes', tmp_path / 'classes.txt')
    assert content['split'] == {'train': ['a']}
    output = capsys.readouterr().err
    for reason in (
        'labels.csv, line 3: no label.',
        "labels.csv, line 4: there is no recording 'e'",
        'labels.csv, line 5: no split.',
        'b.npz is not in',
        "d.npz: label 'z' is not one of the 2 classes",
    ):
        assert reason in output


@pytest.mark.parametrize(
    'table, message',
    [
        (
            'name,class\na,x\n',
            r"labels.csv, line 1: the columns are name,label\[,subject\]\[,split\], not 'name,class'",
        ),
        ('name,label\na,x\na.npz,y\n', r"labels.csv, line 3: 'a' is listed twice"),
        ('name,label\na\n', r'labels.csv, line 2: 1 field, but the header has 2'),
        ('name,label\n', r'labels.csv has a header and nothing below'),
        ('name,label\nb,x\n', r'nothing is left to write to .*my.pkl: see what was skipped above \(2 in all\)'),
    ],
)
def test_broken_tables_write_nothing(tmp_path, record, convert, table, message):
    record('a')
    (tmp_path / 'labels.csv').write_text(table)
    with pytest.raises(SystemExit, match=message):
        convert('--labels', tmp_path / 'labels.csv')
    assert not (tmp_path / 'out').exists()


def test_recordings_that_cannot_be_used_write_nothing(tmp_path, record, convert):
    record('bare')
    with pytest.raises(SystemExit, match=r'bare.npz is in no folder that could be its label'):
        convert()
    with pytest.raises(SystemExit, match=r"error: Unknown layout 'coc0'\. Known: "):
        convert('--no-labels', layout='coc0')
    (tmp_path / 'recordings/bare.csv').write_text('nose_x\n')
    with pytest.raises(SystemExit, match=r'bare.csv and .*bare.npz have the same name'):
        convert('--no-labels')
    (tmp_path / 'recordings/bare.csv').unlink()
    record('flat', moving(joints=17, coordinates=2))
    with pytest.raises(SystemExit, match=r'3 coordinates without scores, e\.g\. bare; 2 coordinates without'):
        convert('--no-labels')
    with pytest.raises(SystemExit, match=r'nowhere has no recordings: no \.json'):
        convert('--no-labels', folder='nowhere')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('setting', [('--num-person', 0), ('--val-share', 1), ('--val-share', -0.1)])
def test_settings_that_make_no_file_are_refused(convert, record, setting):
    record('run/a')
    with pytest.raises(SystemExit, match='error: --num-person is 1 or more, --val-share from 0'):
        convert(*setting)


# --- Tables, layouts and rates ---------------------------------------------------------------------------------------
WALK = make_movement(1)['annotations'][0]['keypoint'][:1]


def write_table(path, keypoint, before='', values=lambda t: '', names=LAYOUTS['nturgb+d'].names):
    header = before + ','.join(f'{name}_{axis}' for name in names for axis in 'xyz')
    rows = [values(t) + ','.join(f'{value:.5f}' for value in frame.ravel()) for t, frame in enumerate(keypoint[0])]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join([header, *rows]))


def test_layout_and_rate_are_read_from_the_files(tmp_path, convert, capsys):
    for name, step in (('a', 0.04), ('b', 0.04), ('c', 0.2)):
        write_table(
            tmp_path / f'recordings/walk/{name}.csv', WALK, 'time,temperature,', lambda t, s=step: f'{t * s:.2f},20,'
        )
    content = convert(layout=None)
    items, frames = by_name(content), WALK.shape[1]
    assert content['meta']['layout'] == 'nturgb+d' and content['meta']['fps'] == 25
    np.testing.assert_allclose(items['walk/a']['keypoint'], WALK, atol=1e-5)
    assert items['walk/c']['total_frames'] == 5 * frames
    np.testing.assert_allclose(items['walk/c']['keypoint'][:, ::5], WALK, atol=1e-4)
    done = capsys.readouterr()
    assert done.err.count('1 column is not used: temperature. (2 more like this)') == 1
    assert 'c.csv: 5 frames per second are resampled to 25' in done.err
    assert 'layout nturgb+d, 25 frames per second' in done.out
    content = convert('--fps', 10, layout=None)
    assert content['meta']['fps'] == 10 and by_name(content)['walk/c']['total_frames'] == frames


def test_joints_that_are_not_of_the_layout_are_refused_in_one_line(tmp_path, record, convert, capsys):
    mapping = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['h36m'].names, estimate=True)
    for name in range(5):
        record(f'walk/{name}', mapping(WALK))
    with pytest.raises(SystemExit, match='nothing is left to write'):
        convert()
    assert capsys.readouterr().err.count('\n') == 1
    with pytest.raises(SystemExit, match='nothing is left to write'):
        convert()
    assert 'joints lie as those of h36m, not of coco. Choose' in (err := capsys.readouterr().err) and '(4 more' in err
    assert convert(layout=None)['meta']['layout'] == 'h36m'


def test_one_table_of_many_clips(tmp_path, convert):
    rows = [f'v{n},{["sit", "walk"][n % 2]},s{n // 2},' for n in range(6)]
    lines = [
        row + ','.join(f'{value:.5f}' for value in WALK[0, t].ravel()) for row in rows for t in range(WALK.shape[1])
    ]
    header = ','.join(f'{name}_{axis}' for name in LAYOUTS['nturgb+d'].names for axis in 'xyz')
    (tmp_path / 'clips.csv').write_text('\n'.join([f'video,class,subject,{header}', *lines]))
    content = convert(layout=None, folder='clips.csv')
    items = by_name(content)
    assert {name: (item['label'], item['subject']) for name, item in items.items()} == {
        f'clips/v{n}': (n % 2, f's{n // 2}') for n in range(6)
    }
    np.testing.assert_allclose(items['clips/v5']['keypoint'], WALK, atol=1e-5)
    assert content['meta']['classes'] == ['sit', 'walk']


def test_segments_in_seconds_and_frames_follow_the_rate(tmp_path, convert):
    for name, step in (('a', 0.1), ('b', 0.1), ('c', 0.05)):
        write_table(tmp_path / f'recordings/{name}.csv', WALK, 'time,', lambda t, s=step: f'{t * s:.2f},')
    (tmp_path / 'segments.csv').write_text('video,label,start_s,end_s\na,walk,1,2\nb,walk,0,1\nc,walk,0.5,1\n')
    segments = {
        name: item['segments'].tolist()
        for name, item in by_name(convert('--segments', tmp_path / 'segments.csv', layout=None)).items()
    }
    assert segments == {'a': [[1, 10, 20]], 'b': [[1, 0, 10]], 'c': [[1, 5, 10]]}
    (tmp_path / 'segments.csv').write_text('video,label,start,end\na,walk,10,20\nb,walk,0,10\nc,walk,10,20\n')
    again = by_name(convert('--segments', tmp_path / 'segments.csv', layout=None))
    assert {name: item['segments'].tolist() for name, item in again.items()} == segments


def test_a_layout_that_cannot_be_known_is_asked_for(record, convert):
    record('run/a', moving(joints=5))
    with pytest.raises(SystemExit, match=r'no known layout of a body has 5 joints.* Set the --layout of the joints'):
        convert(layout=None)
