"""Retrieval: a clip gets the label of its nearest neighbour in a gallery."""

import torch
import torch.nn.functional as F
from mmaction.registry import LOOPS
from mmengine.dist import all_gather
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner, TestLoop
from torch import Tensor

from ..features import encode, encode_all


@LOOPS.register_module()
class RetrievalLoop(TestLoop):
    """Tests an encoder by 1-NN in cosine similarity. The score of a class is the similarity of its nearest clip.

    Args:
        gallery (dict): Data loader of the clips to be found, the training split as a rule.
    """

    def __init__(self, runner, dataloader, evaluator, gallery):
        super().__init__(runner, dataloader, evaluator)
        self.gallery = Runner.build_dataloader(gallery, seed=runner.seed)

    def run(self) -> dict:
        features, samples = encode_all(self.runner.model, self.gallery)
        labels = torch.cat([sample.gt_label for sample in samples]).to(features.device)
        self.features = F.normalize(torch.cat(all_gather(features)), dim=1)  # each process has encoded a part
        self.labels = torch.cat(all_gather(labels))
        return super().run()

    @torch.no_grad()
    def run_iter(self, idx, data_batch):
        self.runner.call_hook('before_test_iter', batch_idx=idx, data_batch=data_batch)
        model = self.runner.model.module if is_model_wrapper(self.runner.model) else self.runner.model
        queries, samples = encode(model, data_batch)
        scores = class_scores(F.normalize(queries, dim=1) @ self.features.T, self.labels)
        for sample, score in zip(samples, scores, strict=True):
            sample.set_pred_score(score)
            sample.set_pred_label(score.argmax())
        self.evaluator.process(data_samples=samples, data_batch=data_batch)
        self.runner.call_hook('after_test_iter', batch_idx=idx, data_batch=data_batch, outputs=samples)


def class_scores(similarity: Tensor, labels: Tensor) -> Tensor:
    """The largest similarity of each class.  # (N, gallery), (gallery,) -> (N, classes)"""
    scores = similarity.new_full((len(similarity), int(labels.max()) + 1), -1.0)
    return scores.scatter_reduce(1, labels.expand_as(similarity), similarity, 'amax')
