"""The model index in OpenMMLab's form says nothing that the checkout does not hold."""

from pathlib import Path

import pytest
import yaml

from usdrl_mmaction.checkpoints.zoo import models

ROOT = Path(__file__).resolve().parents[2]
INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())
METAFILES = [yaml.safe_load((ROOT / path).read_text()) for path in INDEX['Import']]
COLLECTIONS = {collection['Name'] for file in METAFILES for collection in file['Collections']}
MODELS = {model['Name']: model for file in METAFILES for model in file['Models']}


def test_names_are_used_once():
    assert len(MODELS) == sum(len(file['Models']) for file in METAFILES)


@pytest.mark.parametrize('name', MODELS)
def test_a_model(name):
    model = MODELS[name]
    assert (ROOT / model['Config']).is_file()
    assert name in (Path(model['Config']).stem, *models())
    assert model['In Collection'] in COLLECTIONS
    assert set(model.get('Downstream', ())) <= set(MODELS)
    if 'Weights' in model:
        in_package = {f'usdrl://{known}/.' for known, entry in models().items() if entry['url'] is None}
        assert model['Weights'] in in_package | {entry['url'] for entry in models().values()}


def test_pretraining_points_to_its_linear_evaluation():
    for name, model in MODELS.items():
        linear = name.replace('pretrain_', 'linear_')
        if name != linear and linear in MODELS:
            assert linear in model['Downstream'], name
