"""A classifier of frozen features: what it learns from few clips, what it refuses, and what it keeps on disk."""

import json
import subprocess
import sys
from copy import copy

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import usdrl_mmaction
from usdrl_mmaction.apis import ActionClassifier, BodyEncoder, load
from usdrl_mmaction.apis.finetuning import fine_tuned
from usdrl_mmaction.body import body_mapping
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.errors import CheckpointError, LayoutError, RecordingError, UsageError
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

KNOWN = ('wave left hand', 'wave right hand', 'sit down', 'jump')


@pytest.fixture(scope='module')
def encoder() -> BodyEncoder:
    return load('body')


@pytest.fixture(scope='module')
def actions() -> tuple[list[np.ndarray], np.ndarray]:
    """12 clips of each of the 18 actions, and their names."""
    data = make_trimmed(216, seed=11)
    names = np.array(data['meta']['classes'])
    items = data['annotations']
    return [item['keypoint'] for item in items], names[[item['label'] for item in items]]


def chosen(actions, names, first, last):
    """Clips number first to last of each of some actions."""
    clips, labels = actions
    index = np.concatenate([np.flatnonzero(labels == name)[first:last] for name in names])
    return [clips[i] for i in index], labels[index]


@pytest.fixture(scope='module')
def model(encoder, actions) -> ActionClassifier:
    return ActionClassifier(encoder, unknown=True).fit(*chosen(actions, KNOWN, 0, 6))


def test_clips_of_any_form_have_features(encoder, actions):
    clip = actions[0][0][0]  # (T, V, C)
    features = encoder.embed([clip, clip[None], clip[:20]])
    assert features.shape == (3, 2 * encoder.backbone.embed_dims) and features.dtype == np.float32
    np.testing.assert_allclose(features[0], features[1], atol=1e-5)
    np.testing.assert_allclose(encoder.embed(np.stack([clip, clip]))[1], features[0], atol=1e-5)
    lost = clip.copy()
    lost[5, 7] = np.nan
    assert np.isfinite(encoder.embed([lost])).all()


def test_a_batch_is_its_clips_one_by_one(encoder, actions):
    clips = actions[0][:5]
    together = encoder.embed(clips)
    alone = np.concatenate([encoder.embed([clip]) for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize('clips, message', [
    (np.zeros((4, 25, 3)), r'An array of clips is \(N, T, V, C\).*\(4, 25, 3\), one clip'),
    ([np.zeros((3, 64, 25))], r'If this is \(C, T, V\), give clip.transpose\(1, 2, 0\)'),
    ([np.zeros((4, 25))], r'clip 0 is of shape \(4, 25\)'),
    ([np.zeros((4, 25, 3)), np.zeros((0, 25, 3))], 'clip 1 is of shape'),
    ([], 'There are no clips'),
])  # fmt: skip
def test_clips_of_no_form_are_refused(encoder, clips, message):
    with pytest.raises(RecordingError, match=message):
        encoder.embed(clips)


def test_a_layout_that_cannot_be_told_is_asked_for(encoder):
    with pytest.raises(LayoutError, match='17 joints without names can be coco or h36m: give the layout'):
        encoder.embed([np.ones((4, 17, 3))])


def test_few_clips_are_enough_for_what_is_easy(model, actions):
    clips, labels = chosen(actions, KNOWN, 6, 12)
    assert (model.classes_[model.predict_proba(clips).argmax(1)] == labels).mean() >= 0.9
    np.testing.assert_allclose(model.predict_proba(clips).sum(1), 1, atol=1e-6)
    assert model.predict_proba(clips).max() < 0.9999  # 24 clips leave a doubt


def test_what_was_not_taught_is_unknown_and_what_was_is_not(model, actions):
    others = [name for name in sorted(set(actions[1])) if name not in KNOWN]
    strange, _ = chosen(actions, others, 0, 3)
    known, _ = chosen(actions, KNOWN, 6, 12)
    noise = [np.random.default_rng(0).random((60, 25, 3)) for _ in range(3)]
    assert (model.predict(noise) == 'unknown').all()
    assert (model.predict(strange) == 'unknown').mean() >= 0.6
    assert (model.predict(known) == 'unknown').mean() <= 0.25
    always = clone(model).set_params(unknown=False).fit(*chosen(actions, KNOWN, 0, 6))
    assert not (always.predict(strange) == 'unknown').any()


def test_one_clip_of_each_class_is_enough_to_know_most_others(encoder, actions):
    model = ActionClassifier(encoder, unknown=True).fit(*chosen(actions, KNOWN, 0, 1))
    known, labels = chosen(actions, KNOWN, 1, 12)
    answers = model.predict(known)
    assert (answers == 'unknown').mean() <= 0.3
    assert (answers == labels).mean() >= 0.6
    assert (model.predict([np.random.default_rng(0).random((60, 25, 3))]) == 'unknown').all()


def test_numbers_as_labels_have_minus_one_for_unknown(encoder, actions):
    clips, labels = chosen(actions, KNOWN, 0, 4)
    numbers = np.unique(labels, return_inverse=True)[1] * 10
    model = ActionClassifier(encoder, unknown=True).fit(clips, numbers)
    found = model.predict([*clips, np.random.default_rng(0).random((60, 25, 3))])
    assert found[-1] == -1 and set(found) <= {-1, 0, 10, 20, 30}


def test_another_layout_of_the_same_clips_gets_the_same_answers(model, actions):
    clips, _ = chosen(actions, KNOWN, 6, 12)
    expected = model.predict_proba(clips).argmax(1)
    for layout in ('kinect_v1', 'h36m', 'smpl'):
        mapping = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS[layout].names, estimate=True)
        other = load_as(model, layout)
        assert (other.predict_proba([mapping(clip) for clip in clips]).argmax(1) == expected).mean() >= 0.85, layout


def load_as(model, layout) -> ActionClassifier:
    """The same classifier for clips of another layout."""
    other = copy(model).set_params(layout=layout)
    other.layout_ = layout
    return other


def test_actions_are_added_one_by_one(encoder, actions):
    model = ActionClassifier(encoder)
    for name in KNOWN:
        model.partial_fit(*chosen(actions, [name], 0, 4))
    once = ActionClassifier(encoder).fit(*chosen(actions, KNOWN, 0, 4))
    clips, _ = chosen(actions, KNOWN, 6, 9)
    np.testing.assert_allclose(model.predict_proba(clips), once.predict_proba(clips), atol=1e-5)


def test_one_clip_of_one_action_is_a_beginning(encoder, actions):
    model = ActionClassifier(encoder, unknown=True).fit(*chosen(actions, ['jump'], 0, 1))
    assert model.predict(chosen(actions, ['jump'], 0, 1)[0])[0] == 'jump'
    assert model.predict([np.random.default_rng(0).random((60, 25, 3))])[0] == 'unknown'


def test_scikit_learn_takes_it_for_one_of_its_own(encoder, actions):
    clips, labels = chosen(actions, KNOWN, 0, 6)
    assert clone(ActionClassifier(encoder, layout='coco')).get_params()['layout'] == 'coco'
    assert cross_val_score(ActionClassifier(encoder), clips, labels, cv=3).mean() > 0.8
    search = GridSearchCV(ActionClassifier(encoder), dict(unknown=[False, True]), cv=2).fit(clips, labels)
    assert search.best_score_ > 0.7
    with pytest.raises(NotFittedError):
        ActionClassifier(encoder).predict(clips)
    with pytest.raises(UsageError, match='24 clips need as many labels'):
        ActionClassifier(encoder).fit(clips, labels[:3])


def test_a_saved_model_answers_alike_in_another_process_and_place(model, actions, tmp_path):
    clips, _ = chosen(actions, KNOWN, 6, 8)
    model.save(tmp_path / 'first')
    (tmp_path / 'first').rename(tmp_path / 'mine')
    np.savez(tmp_path / 'clips.npz', **{f'{i:02d}': clip for i, clip in enumerate(clips)})
    code = (
        'import sys, numpy as np, usdrl_mmaction\n'
        'clips = list(np.load("clips.npz").values())\n'
        'np.save("answers.npy", usdrl_mmaction.load("mine").predict_proba(clips))'
    )
    subprocess.run([sys.executable, '-c', code], cwd=tmp_path, check=True, timeout=100, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / 'answers.npy'), model.predict_proba(clips), atol=1e-6)
    again = usdrl_mmaction.load(tmp_path / 'mine')
    assert again.predict(clips).tolist() == model.predict(clips).tolist() and again.unknown


@pytest.mark.parametrize('change, message', [
    (dict(encoder=None), "has no 'encoder'"),
    (dict(encoder=dict(type='os.system')), "encoder's 'type' is none of"),
    (dict(encoder=dict(type='DSTE', embed_dims=10**9)), 'is larger than 16384'),
    (dict(encoder=dict(type='DSTE', layout='body', embed_dims=16)), 'do not belong together'),
    (dict(encoder=dict(type='DSTE', layout='../x.json', embed_dims=16)), "layout is '../x.json': a known name"),
    (dict(encoder=dict(type='DSTE', surprise=1)), 'has the arguments surprise'),
])  # fmt: skip
def test_a_description_of_something_else_is_refused(model, tmp_path, change, message):
    model.save(tmp_path / 'mine')
    path = tmp_path / 'mine/config.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError, match=message):
        load(tmp_path / 'mine')


@pytest.mark.parametrize('value', [np.nan, np.inf, -1e30])
def test_weights_that_no_model_has_are_refused(model, tmp_path, value):
    """A flipped bit makes them; each answer would be NaN."""
    model.save(tmp_path / 'model')
    path = tmp_path / 'model/model.safetensors'
    tensors = load_file(path)
    tensors['bias'] = np.full_like(tensors['bias'], value)
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r'is damaged: bias has values above 1e\+12'):
        load(tmp_path / 'model')


def test_damaged_folders_are_refused(model, tmp_path):
    model.save(tmp_path / 'mine')
    weights = tmp_path / 'mine/model.safetensors'
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match='holds a damaged model'):
        load(tmp_path / 'mine')
    weights.write_bytes(whole)
    (tmp_path / 'mine/config.json').write_text('{')
    with pytest.raises(CheckpointError, match='holds a damaged model'):
        load(tmp_path / 'mine')


@pytest.mark.parametrize('change', [
    lambda arrays: arrays.pop('labels'),
    lambda arrays: arrays.update(labels=arrays['labels'] + 100),
    lambda arrays: arrays.update(weight=arrays['weight'][:, :7]),
    lambda arrays: arrays.update(maxima=arrays['maxima'][:3]),
    lambda arrays: arrays.update(biases=arrays['biases'][:3]),
    lambda arrays: arrays.update(clips=arrays['clips'][:, :, :9]),
])  # fmt: skip
def test_arrays_of_another_classifier_are_refused(model, tmp_path, change):
    model.save(tmp_path / 'mine')
    arrays = load_file(tmp_path / 'mine/model.safetensors')
    change(arrays)
    save_file(arrays, tmp_path / 'mine/model.safetensors')
    with pytest.raises(CheckpointError, match='does not hold a classifier'):
        load(tmp_path / 'mine')


def test_the_mapping_of_the_body_is_what_embeds(encoder, actions):
    """A clip that is already of the body is the same clip."""
    clip = actions[0][2]
    body = body_mapping('nturgb+d')(clip)
    np.testing.assert_allclose(encoder.embed([body], layout='body'), encoder.embed([clip]), atol=1e-4)


# --- Several labels, weights, fine-tuning ---------------------------------------------------------------------------
BOTH = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])  # of the right and of the left hand


@pytest.fixture(scope='module')
def hands(actions):
    """Clips of people who wave with the right hand, the left, both or neither, and which."""
    clips, labels = actions
    right, left = ([clips[i][:1] for i in np.flatnonzero(labels == f'wave {side} hand')] for side in ('right', 'left'))
    rest = [np.repeat(clip[:, :1], clip.shape[1], 1) for clip in right]
    arm = [LAYOUTS['nturgb+d'].joint(f'left_{part}') for part in ('elbow', 'wrist', 'hand', 'hand_tip', 'thumb')]
    shoulder, both = LAYOUTS['nturgb+d'].joint('left_shoulder'), []
    for one, other in zip(right, left, strict=True):
        frames = min(one.shape[1], other.shape[1])
        clip = one[:, :frames].copy()
        clip[:, :, arm] = other[:, :frames, arm] - other[:, :frames, [shoulder]] + clip[:, :, [shoulder]]
        both.append(clip)
    groups = [right, left, both, rest]
    truth = np.concatenate([np.repeat(BOTH[[kind]], len(group), 0) for kind, group in enumerate(groups)])
    test = np.concatenate([np.arange(len(group)) >= 8 for group in groups])
    return [clip for group in groups for clip in group], truth, test


def test_several_labels_at_once(encoder, hands, tmp_path):
    clips, truth, test = hands
    train, asked = ([clip for clip, held in zip(clips, test, strict=True) if held == which] for which in (False, True))
    model = ActionClassifier(encoder, layout='nturgb+d').fit(train, truth[~test])
    found, probability = model.predict(asked), model.predict_proba(asked)
    assert found.shape == probability.shape == truth[test].shape and set(np.unique(found)) <= {0, 1}
    assert (found == truth[test]).mean() > 0.8  # one label a clip would be right for half of the pairs at most
    assert (found.sum(1) == 2).any() and (found.sum(1) == 0).any()
    assert ((probability >= 0.5) == found).all()
    model.save(tmp_path / 'hands')
    again = load(tmp_path / 'hands')
    np.testing.assert_allclose(again.predict_proba(asked), probability, atol=1e-6)
    with pytest.raises(UsageError, match='takes no more clips'):
        again.partial_fit(train, truth[~test])


def test_a_table_names_the_labels(encoder, hands):
    pandas = pytest.importorskip('pandas')
    clips, truth, _ = hands
    model = ActionClassifier(encoder, 'nturgb+d', convolutions=False).fit(
        clips, pandas.DataFrame(truth, columns=['right', 'left'])
    )
    assert model.classes_.tolist() == ['right', 'left']
    for wrong in (truth + 1, truth[:3], np.zeros((len(clips), 0))):
        with pytest.raises(UsageError, match=r'0 and 1 alone|need as many labels'):
            ActionClassifier(encoder, 'nturgb+d').fit(clips, wrong)


def test_what_is_like_nothing_has_none_of_several_labels(encoder, hands):
    clips, truth, _ = hands
    noise = [np.random.default_rng(0).random((60, 25, 3)) for _ in range(3)]
    model = ActionClassifier(encoder, layout='nturgb+d', unknown=True).fit(clips, truth)
    assert not model.predict(noise).any() and model.predict(clips).any()


def test_rare_classes_weigh_more_if_asked(encoder, actions):
    clips, labels = chosen(actions, ['drink', 'make a phone call'], 0, 12)
    keep = [*range(12), 12, 13]  # two clips of the rare class
    train, few = [clips[i] for i in keep], labels[keep]
    plain = ActionClassifier(encoder, 'nturgb+d').fit(train, few)
    fair = ActionClassifier(encoder, 'nturgb+d', class_weight='balanced').fit(train, few)
    rare = list(plain.classes_).index('make a phone call')
    rest = clips[14:]
    assert fair.predict_proba(rest)[:, rare].mean() > plain.predict_proba(rest)[:, rare].mean() + 0.05
    given = ActionClassifier(encoder, 'nturgb+d', class_weight={'drink': 14 / 24, 'make a phone call': 14 / 4})
    np.testing.assert_allclose(given.fit(train, few).predict_proba(rest), fair.predict_proba(rest), atol=1e-4)


def test_fine_tuning_is_seeded_kept_only_if_it_helps_and_saved(encoder, actions, tmp_path, monkeypatch):
    clips, labels = chosen(actions, KNOWN, 0, 6)
    options = dict(layout='nturgb+d', convolutions=False, finetune=True)
    before = {name: value.clone() for name, value in encoder.backbone.state_dict().items()}
    one, other = (ActionClassifier(encoder, **options).fit(clips, labels) for _ in range(2))
    assert set(one.validation_) == {'frozen', 'finetuned'} and one.finetuned_ == other.finetuned_
    np.testing.assert_allclose(one.predict_proba(clips), other.predict_proba(clips), atol=1e-5)
    assert all(value.equal(before[name]) for name, value in encoder.backbone.state_dict().items())

    def worse(encoder, *_):  # an encoder that tells nothing apart
        spoilt = copy(encoder)
        spoilt.encode = lambda clips, pooling=('max',): np.ones_like(encoder.encode(clips, pooling))
        return spoilt

    monkeypatch.setattr('usdrl_mmaction.apis.classifier.fine_tuned', worse)
    kept = ActionClassifier(encoder, **options).fit(clips, labels)
    assert not kept.finetuned_ and kept.encoder_ is encoder
    monkeypatch.undo()
    one.save(tmp_path / 'tuned')
    np.testing.assert_allclose(load(tmp_path / 'tuned').predict_proba(clips), one.predict_proba(clips), atol=1e-6)
    with pytest.warns(UserWarning, match='Too few clips to hold some out'):
        ActionClassifier(encoder, **options).fit(clips[:8], labels[:8])


def test_fine_tuning_changes_the_encoder_alone_in_a_copy(encoder, actions):
    clips, labels = chosen(actions, KNOWN, 0, 4)
    prepared = encoder.prepare(clips, 'nturgb+d')
    tuned = fine_tuned(encoder, prepared, np.unique(labels, return_inverse=True)[1], seed=1)
    moved = [
        not value.equal(encoder.backbone.state_dict()[name]) for name, value in tuned.backbone.state_dict().items()
    ]
    assert any(moved) and not tuned.backbone.training
    assert not any(parameter.requires_grad for parameter in tuned.backbone.parameters())


@pytest.mark.parametrize('check', [
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_mixin_order,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_valid_tag_types,
], ids=lambda check: check.__name__)  # fmt: skip
def test_checks_of_scikit_learn(check):
    """Those that need no table of features."""
    check('ActionClassifier', ActionClassifier())


def test_a_pipeline_and_a_search_take_it(encoder, actions):
    clips, labels = chosen(actions, KNOWN, 0, 4)
    shorter = FunctionTransformer(lambda clips: [clip[:, ::2] for clip in clips])
    pipeline = make_pipeline(shorter, ActionClassifier(encoder, 'nturgb+d', convolutions=False))
    assert pipeline.fit(clips, labels).score(clips, labels) > 0.8
