"""From takes of motion to an encoder of any body: corpus, pretraining, publishing."""

import numpy as np

import usdrl_mmaction
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.synthetic import labelled_clips


def test_the_recipe_of_the_foundation_encoder(run_command, tmp_path):
    corpus, work_dir, encoder = tmp_path / 'corpus.pkl', tmp_path / 'work', tmp_path / 'mine.pth'
    run_command('corpus', '--movements', 32, '--actions', 16, '--out', corpus)
    options = ['train_dataloader.batch_size=16', 'train_cfg.max_epochs=1']
    options += [f'train_dataloader.dataset.ann_file={corpus}']
    run_command('train', 'pretrain_foundation', '--work-dir', work_dir, '--cfg-options', *options)
    run_command('publish', work_dir / 'epoch_1.pth', encoder, '--half', '--about', 'ours')
    mine = usdrl_mmaction.load(encoder)
    content = read_annotations(str(corpus))
    clips = {item['frame_dir']: item['keypoint'] for item in content['annotations']}
    features = mine.embed([clips[name] for name in content['split']['train']], 'body')
    assert np.abs(features.mean(0)).max() < 0.05  # whitened by these clips
    assert features.std(0).min() > 0.1 and features.std(0).max() < 1.1
    clips, labels = labelled_clips(36)
    assert usdrl_mmaction.ActionClassifier(mine, 'nturgb+d').fit(clips, labels).score(clips, labels) > 0.9
