"""Why a classifier named clips as it did: the joints and frames that decided, in a clip of each of a few classes."""

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.recordings.recording import in_file

from .clips import Clips
from .film_strip import explanation_figure
from .page import Part, picture
from .runs import Run

SHOWN = 4  # clips


def reasons(run: Run, clips: Clips) -> Part | None:
    """A film strip of the first clip of each of the first classes, with the joints that decided as discs."""
    model = SkeletonInferencer(run.config, run.checkpoint, device='cpu')
    if not model.classifies:
        return None
    first = {}
    for item in clips.items:
        first.setdefault(item['label'], item)
    chosen = [first[label] for label in sorted(first)[:SHOWN]]
    pictures = []
    for recording, item in zip(in_file({'meta': {'layout': clips.layout}}, chosen), chosen, strict=True):
        found = model.explain(recording)
        truth = clips.classes[item['label']] if item['label'] < len(clips.classes) else item['label']
        title = f'{truth}, named {found.name} ({found.probability:.0%}): {", ".join(found.best(3))}'
        pictures.append(picture(explanation_figure(found), title, 'strip', 'png'))
    text = (
        'Discs are the joints without whose motion the score would fall, as large as their share; the curve shows the '
        'share of every frame. usdrl explain draws any clip.'
    )
    return Part('reasons', 'Joints and frames that decided', text, pictures)
