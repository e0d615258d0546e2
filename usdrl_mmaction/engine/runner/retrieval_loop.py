"""Retrieval: a clip gets the label of its nearest neighbour in a gallery."""

import torch
import torch.nn.functional as F
from mmaction.registry import LOOPS
from mmengine.dist import all_gather
from mmengine.runner import Runner, TestLoop
from torch import Tensor

from ..features import encode_all


@LOOPS.register_module()
class RetrievalLoop(TestLoop):
    """Tests an encoder by 1-NN in cosine similarity, as the papers do, and beside it (``…_centred``) with the mean of
    the gallery subtracted from all features: a common offset makes all clips look alike. The score of a class is the
    similarity of its nearest clip.

    Args:
        gallery (dict): Data loader of the clips to be found, the training split as a rule.
    """

    def __init__(self, runner, dataloader, evaluator, gallery):
        super().__init__(runner, dataloader, evaluator)
        self.gallery = Runner.build_dataloader(gallery, seed=runner.seed)

    def run(self) -> dict:
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        features, samples = encode_all(self.runner.model, self.gallery)
        labels = torch.cat([sample.gt_label for sample in samples]).to(features.device)
        gallery, labels = torch.cat(all_gather(features)), torch.cat(all_gather(labels))  # each process has a part
        queries, samples = encode_all(self.runner.model, self.dataloader)
        metrics = {}
        for suffix, offset in (('_centred', gallery.mean(0)), ('', 0.0)):  # the papers' last: a dump keeps that
            similarity = F.normalize(queries - offset, dim=1) @ F.normalize(gallery - offset, dim=1).T
            for sample, score in zip(samples, class_scores(similarity, labels), strict=True):
                sample.set_pred_score(score)
                sample.set_pred_label(score.argmax())
            self.evaluator.process(samples)
            found = self.evaluator.evaluate(len(self.dataloader.dataset))
            metrics |= {f'{name}{suffix}': value for name, value in found.items()}
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics


def class_scores(similarity: Tensor, labels: Tensor) -> Tensor:
    """The largest similarity of each class.  # (N, gallery), (gallery,) -> (N, classes)"""
    scores = similarity.new_full((len(similarity), int(labels.max()) + 1), -1.0)
    return scores.scatter_reduce(1, labels.expand_as(similarity), similarity, 'amax')
