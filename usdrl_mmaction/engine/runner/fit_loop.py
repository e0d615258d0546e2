"""Training of a frozen encoder's classifier in closed form."""

import torch
from mmaction.registry import LOOPS
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop

from usdrl_mmaction.models.backbones.streams import pooled_width

from ..features import encode_all, in_order
from ..hooks.label_hook import check_labels
from ..novelty import Novelty
from ..ridge import STRENGTHS, fit_ridge


@LOOPS.register_module()
class FitLoop(EpochBasedTrainLoop):
    """Encodes every training clip once and fits the ``StreamClsHead`` of a ``FrozenRecognizer`` to the features by
    ridge regression (``fit_ridge``). To hooks and checkpoints this is a training of one epoch."""

    def __init__(self, runner, dataloader):
        super().__init__(runner, dataloader, max_epochs=1)

    def run_epoch(self):
        self.runner.call_hook('before_train_epoch')
        model = self.runner.model.module if is_model_wrapper(self.runner.model) else self.runner.model
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
        self.log(fitted, *features.shape)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def log(self, fitted, clips: int, width: int):
        self.runner.logger.info(
            f'Fitted a ridge classifier to {width} features of {clips} clips. Its strength {fitted.strength:.3g} was '
            f'chosen by leave-one-out; {fitted.accuracy:.1%} of the clips that were left out are recognised.'
        )
        if fitted.strength in (STRENGTHS[0], STRENGTHS[-1]):
            self.runner.logger.warning('The strength is at the end of its range: are these the features of an encoder?')
        numbers = {'fit/strength': fitted.strength, 'fit/left_out_accuracy': fitted.accuracy}
        self.runner.visualizer.add_scalars(numbers, step=1)
