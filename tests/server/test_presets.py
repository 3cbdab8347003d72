import pytest

from foveate_server.presets import SUBJECTS, load_presets
from foveate_shared.errors import InputError


def written(folder, text):
    file = folder / "presets.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_packaged_ones_cover_the_usual_subjects(tmp_path):
    presets = load_presets(tmp_path / "none.toml")
    assert list(presets.by_name) == ["photo", "portrait", "hand", "illustration", "texture", "landscape"]
    assert set(presets.subject_prompts()) == set(SUBJECTS)
    for preset in presets.by_name.values():
        words = preset.words("a red door", "")
        assert str(words["prompt"]).startswith("a red door, ")
        assert words["negative_prompt"]


def test_ones_own_come_in_front(tmp_path):
    file = written(
        tmp_path,
        '[subjects]\nother = "film"\n[presets.photo]\ntitle = "Mine"\n[presets.film]\nprompt = "film, {prompt}"\n'
        'model = "m"\nloras = ["a:0.5", "b", { name = "c", weight = -1 }]\nparameters = { strength = 0.2 }\n',
    )
    presets = load_presets(file)
    assert presets.get("photo").title == "Mine"
    film = presets.get("film")
    assert film.words("", "")["prompt"] == "film"
    assert film.parameters["model"] == "m"
    assert film.parameters["loras"] == [
        {"name": "a", "weight": 0.5},
        {"name": "b", "weight": 1.0},
        {"name": "c", "weight": -1},
    ]
    assert presets.subject_prompts()["other"]["prompt"] == "film"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[preset.x]", "did you mean `presets`"),
        ("[presets.x]\nprompts = 'a'", "did you mean `prompt`"),
        ("[presets.x]\nprompt = 1", "`presets.x.prompt` is a text"),
        ("[presets.x]\nparameters = { steps = 3 }", "`presets.x.parameters.steps` is unknown"),
        ("[presets.x]\nloras = [1]", "film-look:0.8"),
        ("[subjects]\nface = 'nobody'", "which is not there"),
        ("[subjects]\nhand = 'hand'", "`subjects.hand` is unknown"),
        ("presets = 1", "are tables"),
        ("[", "not valid TOML"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        load_presets(written(tmp_path, text))


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(InputError) as caught:
        load_presets(None).get("potrait")
    assert caught.value.info.remedy == "Did you mean portrait?"
