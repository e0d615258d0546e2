"""Segments are read as ELAN, ActivityNet and Label Studio write them, and what is wrong is named."""

import json

import pytest

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.segment_files import name_in, read_segments

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-03-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">{media}</HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="400"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1600"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"{third}/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3200"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="actions">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>wave</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
      <ANNOTATION_VALUE> sit down </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""
MEDIA = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/Users/me/one%20two.mp4" MIME_TYPE="video/mp4"/>'


def elan(media='', third=' TIME_VALUE="2000"'):
    return ELAN.format(media=media, third=third)


def spans(path):
    segments, seconds = read_segments(path)
    return [segment[:4] for segment in segments], seconds


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return path


def test_elan(tmp_path):
    found = [('wave', 0.4, 1.6), ('sit down', 2.0, 3.2)]
    assert spans(write(tmp_path / 'one.eaf', elan())) == ([('one', *each) for each in found], True)
    write(tmp_path / 'sub/two.eaf', elan(MEDIA))
    folder, seconds = spans(tmp_path)
    assert seconds and folder[2:] == [('one two.mp4', *each) for each in found]


def test_activitynet(tmp_path):
    item = {'subset': 'training', 'duration': 9.0, 'annotations': [{'label': 'wave', 'segment': [0.5, 2]}]}
    content = {'version': '1.3', 'database': {'v_one': item, 'v_two': {'annotations': []}}}
    assert spans(write(tmp_path / 'a.json', content)) == ([('v_one', 'wave', 0.5, 2.0)], True)
    assert spans(write(tmp_path / 'b.json', {'v_one': item}))[0] == [('v_one', 'wave', 0.5, 2.0)]


def test_label_studio_timeline_counts_frames_from_one(tmp_path):
    timeline = {'ranges': [{'start': 11, 'end': 40}], 'timelinelabels': ['wave']}
    task = {
        'id': 7,
        'data': {'video': '/data/upload/3/0123abcd-one.mp4'},
        'annotations': [{'id': 1, 'result': [{'type': 'timelinelabels', 'value': timeline}], 'prediction': {}}],
        'predictions': [{'result': [{'type': 'timelinelabels', 'value': {**timeline, 'timelinelabels': ['sit']}}]}],
    }
    assert spans(write(tmp_path / 'full.json', [task])) == ([('one.mp4', 'wave', 10.0, 40.0)], False)
    short = {'video': '/data/local-files/?d=clips/one.mp4', 'id': 7, 'videoLabels': [timeline]}
    assert spans(write(tmp_path / 'min.json', [short]))[0] == [('one.mp4', 'wave', 10.0, 40.0)]


def test_label_studio_spans_of_audio_are_seconds(tmp_path):
    value = {'start': 0.5, 'end': 2.25, 'channel': 0, 'labels': ['wave']}
    result = [{'type': 'labels', 'original_length': 9.0, 'value': value}]
    task = {'data': {'audio': 's3://bucket/one.wav'}, 'annotations': [{'result': result}]}
    assert spans(write(tmp_path / 'a.json', [task])) == ([('one.wav', 'wave', 0.5, 2.25)], True)


def test_a_table_may_have_other_columns(tmp_path):
    path = write(tmp_path / 'a.csv', 'id,video,label,start,end,by\n1,one,wave,3,9,me\n')
    assert spans(path) == ([('one', 'wave', 3.0, 9.0)], False)


@pytest.mark.parametrize('name, content, message', [
    ('a.eaf', elan()[:300], 'is no ELAN file'),
    ('a.eaf', elan(third=''), 'annotation 2 lacks a label or a time'),
    ('a.json', {'database': {'one': {'annotations': [{'segment': [1]}]}}}, "video 'one', annotation 0 has no 'label'"),
    ('a.json', [1, 2], 'neither ActivityNet'),
    ('a.json', {'a': 1}, 'neither ActivityNet'),
    ('a.json', [{'video': 'a', 'x': [{'ranges': [{'start': 1}], 'timelinelabels': ['b']}]}], 'task 0 has a span'),
    ('a.json', [{'video': 'a', 'x': {'ranges': [{'start': 1, 'end': 2}], 'timelinelabels': []}}], 'task 0 has a span'),
    ('a.csv', 'video,label\none,wave\n', 'line 1: the columns are'),
])  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    with pytest.raises(RecordingError, match=message) as error:
        read_segments(write(tmp_path / name, content))
    assert '\n' not in str(error.value)


def test_missing_files_and_folders_without_elan(tmp_path):
    with pytest.raises(ValueError, match='There is no file of segments'):
        read_segments(tmp_path / 'no.csv')
    with pytest.raises(RecordingError, match='has no'):
        read_segments(tmp_path)


def test_names_in_urls():
    assert name_in(r'C:\videos\one.mp4') == name_in('https://a.b/c/one.mp4?x=') == 'one.mp4'
    assert name_in('/data/upload/1/12345678-a-b.mp4') == 'a-b.mp4' and name_in('12345678-a.mp4') == '12345678-a.mp4'
