"""The table of the foundation encoder is made of a file, with a row for each encoder and a column for each measure."""

import json
import pickle
import runpy

from conftest import ROOT

from usdrl_mmaction.datasets.synthetic import make_trimmed

TOOL = ROOT / 'tools/dev/foundation.py'


def test_every_encoder_is_measured_on_a_file(tmp_path, monkeypatch):
    data = make_trimmed(18 * 8, seed=6)
    kept = [item for item in data['annotations'] if item['label'] < 4]
    split = {
        half: [item['frame_dir'] for number, item in enumerate(kept) if number // 4 % 2 == odd]
        for half, odd in (('train', 0), ('val', 1))
    }
    (tmp_path / 'small.pkl').write_bytes(pickle.dumps(dict(split=split, annotations=kept, meta=data['meta'])))
    out = tmp_path / 'found.json'
    monkeypatch.setattr('sys.argv', ['foundation', str(tmp_path / 'small.pkl'), '--seeds', '0', '--out', str(out)])
    runpy.run_path(str(TOOL), run_name='__main__')
    found = json.loads(out.read_text())['small']
    assert list(found) == [
        'joints alone',
        'random',
        'synthetic',
        'body',
        'convolutions alone',
        'random + convolutions',
        'ActionClassifier',
    ]
    assert {
        '1-NN',
        'linear',
        '1 a class',
        '5 a class',
        'six layouts',
        'picture',
        'known refused',
        'unknown refused',
    } == set(found['body'])
    assert all(0 <= value <= 1 for row in found.values() for values in row.values() for value in values)
    assert found['body']['linear'][0] > 0.8 and found['ActionClassifier']['linear'][0] > 0.8
