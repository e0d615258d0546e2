"""Training of a frozen encoder's classifier in closed form."""

import numpy as np
import torch
from mmaction.registry import LOOPS
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop
from mmengine.utils import track_iter_progress

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.models.backbones.streams import pooled_width

from ..features import encode_all, in_order
from ..frame_classifier import fit_frames
from ..hooks.label_hook import check_labels
from ..novelty import Novelty
from ..ridge import STRENGTHS, fit_ridge


@LOOPS.register_module()
class FitLoop(EpochBasedTrainLoop):
    """Encodes the training data once and fits the classifier of a frozen encoder to the features by ridge regression:
    the ``StreamClsHead`` of a ``FrozenRecognizer`` to clips (``fit_ridge``), or the ``FrameHead`` of a
    ``FrameLocalizer`` to the frames of windows that cover the videos (``fit_frames``; its data set needs
    ``test_mode=True``). To hooks and checkpoints this is a training of one epoch."""

    def __init__(self, runner, dataloader):
        super().__init__(runner, dataloader, max_epochs=1)
        self.novelty = None  # of a classifier of clips

    def run_epoch(self):
        self.runner.call_hook('before_train_epoch')
        model = self.runner.model.module if is_model_wrapper(self.runner.model) else self.runner.model
        if isinstance(model, FrameLocalizer):
            self.fit_frames(model)
        else:
            self.fit_clips(model)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def fit_clips(self, model):
        head = model.cls_head
        features, samples = encode_all(model, in_order(self.dataloader), head.pooling)
        check_labels(samples, head.num_classes)
        labels = torch.cat([sample.gt_label for sample in samples])
        fitted = fit_ridge(features.cpu().numpy(), labels.cpu().numpy(), head.num_classes)
        with torch.no_grad():
            head.fc.weight.copy_(torch.from_numpy(fitted.weight))
            head.fc.bias.copy_(torch.from_numpy(fitted.bias))
        maxima = features[:, : pooled_width(('max',), head.in_channels)].cpu().numpy()
        scores, labels = fitted.left_out, labels.cpu().numpy()
        self.novelty = Novelty.left_out(maxima, labels, scores, 1.0) if head.pooling[0] == 'max' else None
        found = f'{features.shape[1]} features of {len(features)} clips'
        self.log(found, fitted.strength, fitted.accuracy, 'clips', fitted.strength in (STRENGTHS[0], STRENGTHS[-1]))

    def fit_frames(self, model):
        dataset = self.dataloader.dataset
        if not dataset.test_mode:
            raise ConfigError('FitLoop needs windows that cover the videos: set test_mode=True of the training data.')
        if model.head.boundary_fc:
            raise ConfigError('FitLoop fits classes alone: set boundaries=False of the head.')
        classes = 1 + model.head.num_classes
        features, labels = frames_of(model, in_order(self.dataloader))
        fitted, held_out = fit_frames(features, labels, classes)
        model.head.set_weights(torch.from_numpy(fitted.weight), torch.from_numpy(fitted.bias))
        accuracy = float((np.concatenate(held_out).argmax(1) == np.concatenate(labels)).mean())
        found = f'{features[0].shape[1]} features of the frames of windows of {len(features)} videos'
        self.log(found, fitted.strength, accuracy, 'frames of videos')

    def log(self, fitted: str, strength: float, accuracy: float, what: str, at_end: bool = False):
        self.runner.logger.info(
            f'Fitted a ridge classifier to {fitted}. Its strength {strength:.3g} was chosen by leaving out; '
            f'{accuracy:.1%} of the {what} that were left out are recognised.'
        )
        if at_end:
            self.runner.logger.warning('The strength is at the end of its range: are these the features of an encoder?')
        numbers = {'fit/strength': strength, 'fit/left_out_accuracy': accuracy}
        self.runner.visualizer.add_scalars(numbers, step=1)


@torch.no_grad()
def frames_of(model: FrameLocalizer, loader) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The features and the labels of the frames of all windows of each video.  # (windows · frames, F), (…,)"""
    model.eval()
    features, labels = {}, {}
    for data in track_iter_progress((loader, len(loader))):
        data = model.data_preprocessor(data, False)
        feats = model.encode(data['inputs'].flatten(0, 1))
        samples = data['data_samples']
        every = model.head.labels_of(samples).cpu().numpy()  # (N, T)
        found = model.head.features(feats, every.shape[1]).cpu().numpy()
        for sample, frames, truth in zip(samples, found, every, strict=True):
            features.setdefault(sample.video, []).append(frames[truth >= 0])
            labels.setdefault(sample.video, []).append(truth[truth >= 0])
    return [*map(np.concatenate, features.values())], [*map(np.concatenate, labels.values())]
