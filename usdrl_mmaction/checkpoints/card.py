"""The model card of a folder, in the form that the Hugging Face hub shows."""

KINDS = {
    'classifier': 'A classifier of actions on a frozen encoder and random convolutions of the joints’ paths',
    'detector': 'A detector of actions in untrimmed videos, on a frozen encoder',
    'FrozenRecognizer': 'An encoder of skeleton clips',
    'RecognizerGCN': 'A classifier of actions, trained as a whole',
    'EarlyRecognizer': 'A classifier of actions that answers before their end',
    'FrameLocalizer': 'A detector of actions in untrimmed videos',
}
TAGS = ('skeleton', 'human-action-recognition', 'usdrl')


def model_card(name: str, about: dict) -> str:
    """The text of ``README.md`` for a model of this name and description."""
    kind = KINDS.get(about.get('kind') or about.get('model'), 'A model of skeleton clips')
    kind += ', with a linear classifier' if about.get('model') == 'FrozenRecognizer' and 'cls_head' in about else ''
    facts = {
        'About': about.get('about'),
        'Classes': ', '.join(map(str, about.get('classes') or ())),
        'Joints': layout_name(about.get('fitted_layout') or about.get('layout')),
        'Frames a second': about.get('fps'),
        'Encoder': sizes(about['encoder']),
        'Trained on': training(about.get('trained') or {}),
    }
    listed = [f'- {title}: {value}' for title, value in facts.items() if value]
    lines = ['---', 'library_name: usdrl-mmaction', 'tags:', *(f'- {tag}' for tag in TAGS), '---', '', f'# {name}', '']
    lines += [f'{kind}. It reads recordings of joints in 2D or 3D.', '', *listed, '', '```bash']
    lines += ['pip install usdrl-mmaction', f'usdrl infer recording.csv --model {name}', '```', '', '```python']
    lines += ['import usdrl_mmaction', '', f"model = usdrl_mmaction.load('{name}')", '```', '']
    lines += ['`model.safetensors` holds the numbers, `config.json` says what they are; nothing in either is run.', '']
    return '\n'.join(lines)


def layout_name(layout) -> str:
    return (
        layout if isinstance(layout, str) else f'{len(layout.get("names") or ())} of its own layout' if layout else ''
    )


def sizes(encoder: dict) -> str:
    keys = {'embed_dims': 'width', 'num_layers': 'layers', 'num_frames': 'frames', 'num_person': 'people'}
    found = [f'{title} {encoder[key]}' for key, title in keys.items() if key in encoder]
    return ', '.join([str(encoder.get('type')), *found])


def training(trained: dict) -> str:
    data = trained.get('data') or {}
    start = f'starting from {trained["from"]}' if trained.get('from') else ''
    words = [' '.join(str(data[key]) for key in ('file', 'split') if key in data), trained.get('config'), start]
    return ', '.join(str(word) for word in words if word)
