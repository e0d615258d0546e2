"""What the columns of a table are, by their names: coordinates and scores of joints in any spelling ('left_wrist_x',
'WristLeftX', 'x_left_wrist', 'LWrist.x', '0_x', 'x0', 'landmark_0_x'), and frames, times, people, clips and labels."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from usdrl_mmaction.skeletons import LAYOUTS, meaning

CHANNELS = ('x', 'y', 'z', 'score')
SIZES = {len(skeleton) for skeleton in LAYOUTS.values()}  # numbers of joints
BY_SIZE = {len(LAYOUTS[name]): LAYOUTS[name].names for name in ('mediapipe', 'coco_wholebody')}  # no other has as many
KNOWN = {meaning(name) for skeleton in LAYOUTS.values() for name in skeleton.names}
HOLISTIC = (75, 501)  # MediaPipe's pose, and after it the hands or the face
LEAST = 5  # named joints from which on numbered ones beside them are something else, such as corners of a box

SCORES = 'score scores confidence conf visibility visible vis likelihood probability prob accuracy accu v c s p'
# Words that say nothing about a joint, words of other quantities, and words that tell variants of one joint apart.
EMPTY = (
    'landmark landmarks keypoint keypoints kp kpt kpts joint joints jnt marker markers position positions pos '
    'coord coords coordinate coordinates coor axis point pt pts pose skel lm node value level'
)
OTHER = (
    'rot rotation orientation quat quaternion qx qy qz qw vel velocity speed acc accel acceleration angle angular '
    'euler gyro mag force bbox box floor plane gaze error err ncams length distance dist std var tracked state '
    'inferred presence delta diff rel relative'
)
VARIANTS = (
    'world image img pixel pixels px screen norm normalized normalised color colour depth camera raw filtered smooth '
    'smoothed local global'
)
PERSONS = 'person people body skeleton player subject individual ind user track animal p'
SCORES, EMPTY, OTHER, VARIANTS, PERSONS = (set(each.split()) for each in (SCORES, EMPTY, OTHER, VARIANTS, PERSONS))

WORD = re.compile(
    r'[LR](?=[XYZ](?![A-Za-z]))|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+'  # LShoulderX: L Shoulder X
)
UNIT = re.compile(r'\s*[(\[](m|cm|mm|px|pixels?|s|ms|deg|%)[)\]]\s*$', re.IGNORECASE)

# Roles of the other columns, by the letters and digits of their names.
ROLES = {
    'frame': 'frame frames framen frameid frameno framenr framenum framenumber frameidx frameindex framecount fnum',
    'time': """time timestamp timestamps times timems timesec timeseconds timestampms timestampus timestampns
        timestampsec timestampseconds seconds sec secs ms elapsed elapsedtime datetime relativetime t""",
    'fps': 'fps framerate videofps',
    'person': """person personid personidx personindex pid trackid track tracker trackerid tracking trackingid
        individual individuals bodyid body bodyindex bodyidx bodynumber skeletonid skeleton userid user player playerid
        animal""",
    'perhaps_person': 'id instance instanceid objectid',
    'clip': """video videoid videoname vid vidid clip clipid clipname sequence sequenceid seq seqid sample sampleid
        recording recordingid file filename filepath path videofile videopath session sessionid trial trialid take
        sourcevideo poseid repetition rep""",
    'subject': 'subject subjectid participant participantid actor actorid performer',
    'label': """label labels class classname classid classno action actionname actionid actionlabel activity
        activityname exercise exercisename gesture category target pose posename""",
    'joint': """joint jointname jointid jointtype jointindex jointidx jointnumber landmark landmarkname landmarkid
        landmarkindex landmarkidx keypoint keypointname keypointid keypointindex kptidx kpt kptname kp bodypart
        bodyparts bodypartname marker markername part partname point pointname node""",
    'group': 'type landmarktype model',  # of joints: pose, left_hand
}
ROLE_OF = {name: role for role, names in ROLES.items() for name in names.split()}


class Joints(NamedTuple):
    """The columns of joints in a table with a line per frame, or per frame and person."""

    names: tuple[str, ...]  # empty if the joints are numbered or not named
    channels: list[str]
    columns: list[list[list[int | None]]]  # person, joint, channel; None where a column is missing
    left_out: list[str]  # names of columns of positions that are not taken


class Place(NamedTuple):
    """What the name of a column says that holds a number of a joint."""

    joint: str
    channel: str
    person: str = ''
    variant: tuple[str, ...] = ()


def role_of(name: str) -> str | None:
    """What a column is that has no number of a joint."""
    plain = re.sub(r'[\W_]', '', UNIT.sub('', name).lower())
    return ROLE_OF.get(plain, 'label' if plain.endswith('label') else None)


def place_of(name: str) -> Place | None:
    """Joint and channel of a column, or None if its name says no such thing."""
    words = WORD.findall(UNIT.sub('', name))
    if OTHER.intersection(word.lower() for word in words):
        return None
    words = [word for word in words if word.lower() not in EMPTY]
    plain = [word.lower() for word in words]
    at = _channel_at(plain)
    if at is None:
        return None
    channel = plain.pop(at)
    words.pop(at)
    person = ''
    if len(plain) > 2 and plain[0] in PERSONS and plain[1].isdigit():
        person, words, plain = plain[1], words[2:], plain[2:]
    elif len(plain) > 1 and plain[0] == 'body':
        words, plain = words[1:], plain[1:]
    variant = tuple(word for word in plain if word in VARIANTS)
    kept = [word for word, low in zip(words, plain, strict=True) if low not in VARIANTS]
    if len(kept) == 2 and len(kept[0]) == 1 and kept[1].isdigit():  # p1_x
        kept = kept[1:]
    return Place('_'.join(kept), channel if channel in CHANNELS else 'score', person, variant)


def _channel_at(words: list[str]) -> int | None:
    """Where the word of a coordinate or a score is: last, first or, in 'pose_x_0', before a last number."""
    names = {*CHANNELS, *SCORES}
    places = [len(words) - 1, 0, *([len(words) - 2] if words and words[-1].isdigit() else [])]
    return next((place for place in places if words and words[place] in names), None)


def joints_of(header: Sequence[str], taken: set[int]) -> Joints | None:
    """The joints that columns are named for, but for those that are ``taken``; None without any."""
    places = {column: place_of(name) for column, name in enumerate(header) if column not in taken}
    for column, place in _by_siblings(header, [column for column, place in places.items() if place is None]).items():
        places[column] = place
    people = {}  # person → variant → joint → channel → column
    counts = Counter()
    for column, place in places.items():
        if place is None:
            continue
        joints = people.setdefault(place.person, {}).setdefault(place.variant, {})
        joint = place.joint
        if not joint:  # x, y, z, x, y, z, …: numbered by their occurrence
            joint = str(counts[place])
            counts[place] += 1
        joints.setdefault(joint, {}).setdefault(place.channel, column)
    people = {person: _best(variants) for person, variants in people.items()}
    people = {person: joints for person, joints in people.items() if joints}
    if not people:
        return None
    common = max(people.values(), key=len)
    with_z = sum('z' in channels for channels in common.values()) * 2 > len(common)
    names = [joint for joint, channels in common.items() if 'z' in channels or not with_z]
    scored = any('score' in channels for joints in people.values() for channels in joints.values())
    channels = ['x', 'y', *(['z'] if with_z else []), *(['score'] if scored else [])]
    names, slots = in_order(names)
    columns = [
        [[joints.get(joint, {}).get(channel) for channel in channels] for joint in slots]
        for _, joints in sorted(people.items(), key=lambda pair: int(pair[0] or 0))
    ]
    used = {column for person in columns for joint in person for column in joint}
    left_out = [header[column] for column, place in places.items() if place and column not in used]
    return Joints(names, channels, columns, left_out)


def _by_siblings(header: Sequence[str], columns: list[int]) -> dict[int, Place]:
    """'nosex' beside 'nosey', and 'xnose' beside 'ynose'."""
    there = {
        header[column].strip().lower(): column
        for column in columns
        if not OTHER.intersection(word.lower() for word in WORD.findall(header[column]))
    }
    found = {}
    for name, column in there.items():
        for channel, stem, others in (
            (name[-1:], name[:-1], [name[:-1] + axis for axis in 'xy']),
            (name[:1], name[1:], [axis + name[1:] for axis in 'xy']),
        ):
            if stem and channel in 'xyz' and all(other in there for other in others):
                found.setdefault(column, Place(stem.strip('_ .-'), channel))
    return found


def _best(variants: dict) -> dict:
    """The joints with an x and a y of the variant that has most of them; of several, in world coordinates."""
    whole = [
        (variant, {joint: channels for joint, channels in joints.items() if {'x', 'y'} <= set(channels)})
        for variant, joints in variants.items()
    ]
    _, joints = max(whole, key=lambda pair: (len(pair[1]), 'world' in pair[0]))
    numbered = {joint: channels for joint, channels in joints.items() if joint.isdigit()}
    if len(joints) - len(numbered) >= LEAST and len(numbered) not in BY_SIZE:
        return {joint: channels for joint, channels in joints.items() if not joint.isdigit()}
    return joints


def in_order(joints: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Names of joints, and the joints as the file names them: in the order of the file, or by number. Numbered joints
    have no names, unless their count or others beside them tell the layout; numbers that are left out get a place."""
    numbers = sorted((joint for joint in joints if joint.isdigit()), key=int)
    named = [joint for joint in joints if not joint.isdigit()]
    if not numbers:
        return tuple(named), named
    if named:
        names = BY_SIZE.get(len(numbers), numbers)
        return (*names, *named), [*numbers, *named]
    first, last = int(numbers[0]), int(numbers[-1])
    if len(numbers) in HOLISTIC:
        return (), numbers[: len(BY_SIZE[33])]
    if (len(numbers) not in SIZES or last - first + 1 > len(numbers)) and first in (0, 1):
        size = next((size for size in (last + 1, last) if size in SIZES), None)
        if size:
            spelled = {int(number): number for number in numbers}
            start = last + 1 - size
            return (), [spelled.get(start + index, str(start + index)) for index in range(size)]
    return (), numbers


def is_joint(name: str) -> bool:
    """Whether a name is that of a joint of a known layout."""
    return meaning(name) in KNOWN
