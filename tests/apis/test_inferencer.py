"""The result for a recording is that of the model, in every format and together with any other recordings."""

import json
import pickle

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.dataset import Compose, pseudo_collate
from raw_files import moving

from usdrl_mmaction.apis import SkeletonInferencer, load_model
from usdrl_mmaction.apis.inferencer import CHANGE_COST
from usdrl_mmaction.apis.window_scorer import WindowScorer
from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.evaluation.functional.proposals import best_labels
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.skeletons import get_skeleton

CLASSES = [f'action {i}' for i in range(18)]


def recording(seed, persons=1, frames=40, joints=25, channels=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(persons, frames, joints, channels)).astype(np.float32)


def probabilities(actions):
    """By label."""
    return [action['score'] for action in sorted(actions, key=lambda action: action['label'])]


@pytest.fixture
def inferencer(linear, trained):
    checkpoint = trained(linear, dataset_meta={'classes': CLASSES})
    return SkeletonInferencer(linear, checkpoint, device='cpu', top_k=18)


def test_actions_are_what_the_test_loop_would_predict(linear, inferencer):
    keypoint = recording(0, persons=2)
    pipeline = Compose(linear.test_dataloader.dataset.pipeline)
    data = pseudo_collate([pipeline(dict(keypoint=keypoint, total_frames=40, label=0))])
    with torch.no_grad():
        expected = inferencer.model.test_step(data)[0].pred_score
    (result,) = inferencer([keypoint])
    assert (result['name'], result['frames'], result['people']) == ('recording 0', 40, 2)
    assert probabilities(result['actions']) == pytest.approx(expected.tolist(), abs=1e-6)
    scores = [action['score'] for action in result['actions']]
    assert scores == sorted(scores, reverse=True) and sum(scores) == pytest.approx(1)
    assert all(action['name'] == f'action {action["label"]}' for action in result['actions'])


def test_each_of_several_people_alone(inferencer):
    keypoint = recording(0, persons=4)
    keypoint[1] = 0
    scene, *alone = inferencer([keypoint, keypoint[0], keypoint[2], keypoint[3]])
    assert scene['people'] == 3 and [entry['person'] for entry in scene['persons']] == [0, 2, 3]
    for entry, result in zip(scene['persons'], alone, strict=True):
        assert probabilities(entry['actions']) == pytest.approx(probabilities(result['actions']), abs=1e-6)
        assert 'persons' not in result


def test_of_more_people_than_fit_the_most_active_are_taken(inferencer):
    keypoint = recording(0, persons=3) * np.float32([2, 0.1, 3])[:, None, None, None]
    scene, pair = inferencer([keypoint, keypoint[[2, 0]]])
    assert probabilities(scene['actions']) == pytest.approx(probabilities(pair['actions']), abs=1e-6)


def test_batches_and_lengths_do_not_matter(inferencer):
    inputs = [recording(seed, persons=1 + seed % 3, frames=1 + 37 * seed) for seed in range(7)]
    together = inferencer(inputs, features=True)
    inferencer.batch_size = 2
    for result, keypoint in zip(together, inputs, strict=True):
        (alone,) = inferencer([keypoint], features=True)
        assert result['frames'] == alone['frames'] == keypoint.shape[1]
        np.testing.assert_allclose(result['features'], alone['features'], atol=1e-5)
        assert probabilities(result['actions']) == pytest.approx(probabilities(alone['actions']), abs=1e-5)


def test_results_are_json_and_as_long_as_asked(linear, trained):
    inferencer = SkeletonInferencer(linear, trained(linear), device='cpu', top_k=3)
    results = inferencer([recording(0, persons=2), recording(1)], features=True)
    assert json.loads(json.dumps(results)) == results
    assert [len(result['actions']) for result in results] == [3, 3]
    assert 'name' not in results[0]['actions'][0]  # the names are not known


def test_a_built_model_says_the_same(linear, trained, inferencer):
    model = load_model(linear, trained(linear))
    assert probabilities(SkeletonInferencer(model, device='cpu', top_k=18)(recording(0))[0]['actions']) == (
        pytest.approx(probabilities(inferencer(recording(0))[0]['actions']), abs=1e-6)
    )


def test_a_published_encoder_gives_features(linear, trained, inferencer, tmp_path):
    content = torch.load(trained(linear, encoder=linear.model.backbone.to_dict()), weights_only=True)
    del content['state_dict']['cls_head.fc.weight'], content['state_dict']['cls_head.fc.bias']
    torch.save(content, tmp_path / 'published.pth')
    (result,) = SkeletonInferencer(tmp_path / 'published.pth', device='cpu')(recording(0))
    assert set(result) == {'name', 'frames', 'people', 'features'}
    np.testing.assert_allclose(result['features'], inferencer(recording(0), features=True)[0]['features'], atol=1e-6)


# --- Neighbours -----------------------------------------------------------------------------------------------------
@pytest.fixture
def gallery(tmp_path):
    """Six recordings in two splits; the labels are their seeds."""
    items = [dict(frame_dir=f'clip {seed}', label=seed, total_frames=40, keypoint=recording(seed)) for seed in range(6)]
    names = [item['frame_dir'] for item in items]
    path = tmp_path / 'gallery.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(train=names[:4], val=names[4:]), annotations=items)))
    return path


def test_neighbours_are_the_nearest_by_cosine(linear, trained, inferencer, gallery):
    checkpoint = trained(linear, dataset_meta={'classes': CLASSES})
    finder = SkeletonInferencer(linear, checkpoint, device='cpu', gallery=gallery, gallery_split='train', top_k=18)
    vectors = [result['features'] for result in inferencer([recording(seed) for seed in range(4)], features=True)]
    query = recording(5)
    (result,) = finder(query)
    vector = np.array(inferencer(query, features=True)[0]['features'])
    cosines = [float(vector @ other / np.linalg.norm(vector) / np.linalg.norm(other)) for other in np.array(vectors)]
    found = {neighbor['clip']: neighbor['score'] for neighbor in result['neighbors']}
    assert found == pytest.approx({f'clip {seed}': cosine for seed, cosine in enumerate(cosines)}, abs=1e-5)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(n['name'] == f'action {n["label"]}' and n['clip'] == f'clip {n["label"]}' for n in result['neighbors'])


def test_a_clip_of_the_gallery_finds_itself(linear, trained, gallery):
    finder = SkeletonInferencer(linear, trained(linear), device='cpu', gallery=gallery, top_k=2)
    for result in finder(gallery):
        assert result['neighbors'][0]['clip'] == result['name'] and len(result['neighbors']) == 2
        assert result['neighbors'][0]['score'] == pytest.approx(1, abs=1e-5)


# --- Localizers -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('frames', [5, 16, 41])
def test_segments_are_the_proposals_of_the_whole_track(detection, trained, frames):
    cfg = detection()
    inferencer = SkeletonInferencer(cfg, trained(cfg, dataset_meta={'classes': CLASSES}), device='cpu', threshold=0.1)
    inferencer.batch_size = 2
    keypoint = recording(0, persons=2, frames=frames)
    one, other = inferencer([keypoint, recording(1, frames=30)])
    scorer = WindowScorer(inferencer.model)
    expected = proposals_from_scores(scorer.track(Clip(keypoint)), (0.1,)).tolist()
    assert (one['name'], one['frames'], one['people'], other['people']) == ('recording 0', frames, 2, 1)
    assert len(expected) > 1 and [s['start'] for s in one['segments']] == sorted(row[1] for row in expected)
    found = [(s['label'], s['start'], s['end'], pytest.approx(s['score'], rel=1e-5)) for s in one['segments']]
    assert sorted(map(tuple, expected), key=lambda row: (row[1], row[0])) == found
    assert all(s['name'] == f'action {s["label"] - 1}' for s in one['segments'])  # the background has no name
    assert json.loads(json.dumps(one)) == one


def test_segments_are_by_default_those_of_the_best_sequence(detection, trained):
    cfg = detection()
    checkpoint, keypoint = trained(cfg), recording(0, persons=2, frames=41)
    inferencer = SkeletonInferencer(cfg, checkpoint, device='cpu')
    (found,) = inferencer([keypoint])
    labels = best_labels(WindowScorer(inferencer.model).track(Clip(keypoint)), CHANGE_COST)
    shown = np.zeros(41, int)
    for segment in found['segments']:
        shown[segment['start'] : segment['end']] = segment['label']
    np.testing.assert_array_equal(shown, labels)


def test_a_localizer_has_no_neighbours(detection, trained, gallery):
    cfg = detection()
    with pytest.raises(ValueError, match='A localizer finds segments, not neighbours'):
        SkeletonInferencer(cfg, trained(cfg), gallery=gallery)


# --- Other configs --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('layout', ['coco', 'openpose_25'])
def test_pixels_with_and_without_scores(pixels, trained, layout):
    cfg = pixels(layout)
    inferencer = SkeletonInferencer(cfg, trained(cfg), device='cpu', top_k=18)
    keypoint = 100 * moving(joints=len(get_skeleton(layout)), coordinates=2)
    scored, plain = inferencer([{'keypoint': keypoint, 'keypoint_score': np.ones(keypoint.shape[:3])}, keypoint])
    assert scored['actions'] == plain['actions']


def test_early_prediction_returns_the_scores_of_the_whole_clip(linear, trained):
    linear.model.update(type='EarlyRecognizer')
    linear.model.backbone.update(causal=True)
    linear.model.cls_head.pooling = ['max']
    inferencer = SkeletonInferencer(linear, trained(linear), device='cpu', top_k=18)
    keypoint = recording(0)
    data = inferencer.prepare([dict(keypoint=keypoint, total_frames=40, label=0)])
    with torch.no_grad():
        expected = inferencer.model.test_step(data)[0].pred_score
    found = probabilities(inferencer(keypoint)[0]['actions'])
    assert found == pytest.approx(expected.tolist(), abs=1e-6)


def test_scores_do_not_disturb_a_model_of_3d(inferencer):
    keypoint = recording(0)
    scored, plain = inferencer([{'keypoint': keypoint, 'keypoint_score': np.ones(keypoint.shape[:3])}, keypoint])
    assert probabilities(scored['actions']) == pytest.approx(probabilities(plain['actions']), abs=1e-6)


def test_a_pretraining_config_prepares_clips_as_in_training(linear, trained, inferencer):
    checkpoint = trained(linear)
    pipeline = [step for step in linear.test_dataloader.dataset.pipeline if step['type'] != 'ResizeFrames']
    linear.test_dataloader = linear.val_dataloader = None
    linear.train_dataloader.dataset.pipeline = pipeline
    linear.model = dict(
        type='MPCT', backbone=linear.model.backbone, head=dict(type='DecorrelationHead'), data_preprocessor={}
    )
    (result,) = SkeletonInferencer(linear, checkpoint, device='cpu')(recording(0))
    np.testing.assert_allclose(result['features'], inferencer(recording(0), features=True)[0]['features'], atol=1e-6)


def test_a_recognizer_of_mmaction2_with_clips_of_its_own_pipeline(linear):
    backbone = dict(
        type='STGCN',
        graph_cfg=dict(layout='coco', mode='stgcn_spatial'),
        base_channels=4,
        num_stages=2,
        down_stages=[],
    )
    head = dict(type='GCNHead', num_classes=5, in_channels=4)
    model = MODELS.build(dict(type='RecognizerGCN', backbone=backbone, cls_head=head))
    model.cfg = linear
    model.cfg.test_dataloader.dataset.pipeline = [
        dict(type='PreNormalize2D'),
        dict(type='GenSkeFeat', dataset='coco', feats=['j']),
        dict(type='UniformSampleFrames', clip_len=20, num_clips=3, test_mode=True),
        dict(type='PoseDecode'),
        dict(type='FormatGCNInput', num_person=2),
        dict(type='PackActionInputs'),
    ]
    keypoint = 100 * moving(joints=17, coordinates=2, frames=30)
    (result,) = SkeletonInferencer(model, device='cpu')(keypoint, features=True)
    assert sum(action['score'] for action in result['actions']) == pytest.approx(1)
    assert len(result['features']) == 8  # 4 channels a stream


def test_what_is_not_a_recognizer(linear):
    with pytest.raises(ValueError, match='Linear is no recognizer or localizer of skeletons'):
        SkeletonInferencer(torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match=r'FrozenRecognizer has no cfg .* build it with load_model'):
        SkeletonInferencer(MODELS.build(linear.model))


def test_a_checkpoint_of_other_joints_needs_its_config(pixels, trained):
    cfg = pixels('coco')
    checkpoint = trained(cfg, encoder=cfg.model.backbone.to_dict())
    with pytest.raises(
        ValueError, match=r'clips of 17 joints of 2 coordinates and does not say how .* give its config'
    ):
        SkeletonInferencer(checkpoint, device='cpu')
