"""The linear classifier of linear_* configs against scikit-learn's, on the same standardised features."""

import argparse

import numpy as np
from mmaction.registry import DATASETS, MODELS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, set_random_seed
from rich.console import Console
from sklearn.linear_model import LogisticRegressionCV, RidgeClassifierCV
from torch.utils.data import DataLoader

from usdrl_mmaction.commands.arguments import add_cfg_options
from usdrl_mmaction.commands.common import number_table, read_config
from usdrl_mmaction.engine.features import encode_all
from usdrl_mmaction.engine.ridge import STRENGTHS, fit_ridge
from usdrl_mmaction.engine.runner.settings import complete


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config with a FrozenRecognizer, e.g. linear_synthetic')
    parser.add_argument('--checkpoint', help='weights of the encoder; by default random ones of seed 0')
    add_cfg_options(parser)
    args = parser.parse_args()
    cfg = complete(read_config(args.config, args.cfg_options))
    init_default_scope('mmaction')
    set_random_seed(0)
    model = MODELS.build(cfg.model)
    if args.checkpoint:
        weights = CheckpointLoader.load_checkpoint(args.checkpoint, 'cpu')['state_dict']
        encoder = {name.removeprefix('backbone.'): w for name, w in weights.items() if name.startswith('backbone.')}
        model.backbone.load_state_dict(encoder)
    else:
        model.backbone.init_weights()
    (train, labels), (test, truth) = (features(model, cfg[f'{name}_dataloader'].dataset) for name in ('train', 'test'))
    fitted = fit_ridge(train, labels, labels.max() + 1)
    accuracies = {'ours': ((test @ fitted.weight.T + fitted.bias).argmax(1) == truth).mean()}
    mean, deviation = train.mean(0), np.maximum(train.std(0), 1e-9)
    # Rotated to the span of the training clips, which changes no prediction and leaves fewer features.
    _, _, rotation = np.linalg.svd((train - mean) / deviation, full_matrices=False)
    train, test = ((part - mean) / deviation @ rotation.T for part in (train, test))
    logistic = LogisticRegressionCV(
        Cs=np.logspace(-5, 1, 7), scoring='accuracy', max_iter=1000, l1_ratios=(0,), use_legacy_attributes=False
    )
    for classifier in (RidgeClassifierCV(STRENGTHS), logistic):
        accuracies[type(classifier).__name__] = classifier.fit(train, labels).score(test, truth)
    table = number_table(f'{args.config}, {args.checkpoint or "random encoder"}', 'classifier', 'accuracy')
    for name, accuracy in accuracies.items():
        table.add_row(name, f'{accuracy:.1%}')
    Console(highlight=False).print(table)


def features(model, dataset: dict) -> tuple[np.ndarray, np.ndarray]:
    """Pooled features and labels of a data set.  # (N, F), (N,)"""
    loader = DataLoader(DATASETS.build(dataset), 64, collate_fn=pseudo_collate)
    pooled, samples = encode_all(model, loader, model.cls_head.pooling)
    return pooled.numpy().astype(np.float64), np.array([int(sample.gt_label) for sample in samples])


if __name__ == '__main__':
    main()
