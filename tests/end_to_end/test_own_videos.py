"""The first commands of docs/detect.md: from recordings of videos and a table of their segments to a live detector."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from short_videos import ACTIONS, make_videos

from usdrl_mmaction.commands import choose, run
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

PAGE = (Path(__file__).resolve().parents[2] / 'docs/detect.md').read_text()
(COMMANDS, *_) = re.findall(r'^```bash\n(.*?)```', PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Recordings of pixels with the joints of COCO, of which the last is new, and a table in seconds."""
    videos, segments = make_videos()
    rows = ['video,label,start_s,end_s']
    to_coco = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['coco'].names, estimate=True)
    (tmp_path / 'videos').mkdir()
    for number, (video, found) in enumerate(zip(videos, segments, strict=True)):
        x, y = to_coco(video)[0, ..., 0] * 300 + 960, 540 - to_coco(video)[0, ..., 1] * 300
        path = tmp_path / ('new_video.csv' if number == 5 else f'videos/video_{number}.csv')
        header = ','.join(f'{name}_{axis}' for name in LAYOUTS['coco'].names for axis in 'xy')
        np.savetxt(path, np.stack([x, y], -1).reshape(len(x), -1), '%.2f', ',', header=header, comments='')
        rows += [f'video_{number}.mp4,{name},{start / 30:.3f},{end / 30:.3f}' for name, start, end in found]
    (tmp_path / 'segments.csv').write_text('\n'.join(rows[: -len(segments[5])]) + '\n')
    monkeypatch.chdir(tmp_path)
    return segments[5]


def test_from_recordings_and_a_table_to_a_live_detector(place, capsys):
    commands = [shlex.split(line) for line in COMMANDS.splitlines()]
    assert [words[1] for words in commands] == ['convert', 'fit', 'infer']
    for words in commands:
        run(*choose(words[1:]))
    printed = capsys.readouterr()
    assert '2 classes' in printed.out and 'detector: fitted to' in printed.out
    run(*choose(['stream', 'new_video.csv', '--model', 'detector', '--speed', 'inf']))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line['segment'] for line in lines if 'segment' in line]
    for name, start, end in place:
        shared = [min(each['end'], end) - max(each['start'], start) for each in found if each['name'] == name]
        assert max(shared, default=0) > 0.4 * (end - start), (name, start, end, found)
    assert {line['name'] for line in lines if 'frame' in line} <= {'background', *ACTIONS}
