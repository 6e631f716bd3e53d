import csv
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridrep.errors import ParameterError, StimuliError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.studies.nback import prepare as preparing
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.stimuli.folder import read_folder
from hybridrep.studies.nback.stimuli.pictures import read_patch, read_texture
from hybridrep.studies.nback.stimuli.render import SIDE

OBJECTS = [(c, i) for c in ("cup", "hat") for i in ("1", "2", "3", "10")]


def picture(seed: int, size=(9, 9), mode="RGB") -> Image.Image:
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, channels), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze())


def folders(root: Path, views: int = 6) -> Path:
    """Layout 3."""
    for number, (category, identity) in enumerate(OBJECTS):
        (root / category / identity).mkdir(parents=True)
        for view in range(views):
            picture(100 * number + view).save(root / category / identity / f"v{view}.png")
    return root


def table(root: Path, splits: bool = False, ending: str = "csv") -> Path:
    """Layout 1, of the same pictures; with splits, the third and fourth objects are novel."""
    folders(root / "images")
    rows = []
    for category, identity in OBJECTS:
        for view in range(6):
            novel = identity in ("3", "10")
            if splits and novel and view % 3 < 2:
                continue
            split = "val_identity" if novel else ("val_angle" if view % 3 == 2 else "train")
            file = f"images/{category}/{identity}/v{view}.png"
            row = {"file": file, "category": category, "identity": identity, "view": f"v{view}"}
            rows.append({**row, **({"split": split} if splits else {}), "note": "x"})
    frame = pd.DataFrame(rows)
    if ending == "parquet":
        frame.to_parquet(root / "metadata.parquet")
    else:
        separator = "\t" if ending == "tsv" else ","
        frame.to_csv(root / f"metadata.{ending}", index=False, sep=separator)
    return root


def shapenet(root: Path, names: bool = True) -> Path:
    """Layout 2, as iWISDM writes it: objects are numbered anew in every split."""
    for split, seed in (("train", 0), ("val", 1), ("test", 2)):
        (root / split).mkdir(parents=True)
        with (root / split / f"{split}_shapenet.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["ctg_mod", "obj_mod", "ang_mod", "ref", *(["ctg"] if names else [])])
            for c in range(2):
                for o in range(2):
                    for a in range(3):
                        ref = f"{c}{o}{a}"
                        writer.writerow([c, o, a, ref, *([f"kind{c}"] if names else [])])
                        (root / split / ref).mkdir()
                        picture(1000 * seed + 100 * c + 10 * o + a).save(
                            root / split / ref / "image.png"
                        )
        (root / split / "table.pkl").write_bytes(b"never read")
    return root


def labels(sets):
    return [each.objects for each in sets]


def test_without_a_split_objects_and_views_are_divided(tmp_path):
    sets, _ = read_folder(folders(tmp_path / "f"), 2, 2)
    train, angle, novel = labels(sets)
    assert train.identities == angle.identities == ("cup/1", "cup/2", "hat/1", "hat/2")
    assert novel.identities == ("cup/3", "cup/10", "hat/3", "hat/10")  # 10 after 3, as a number
    assert (train.views, angle.views, novel.views) == ((4,) * 4, (2,) * 4, (2,) * 4)
    assert train.category_of == (0, 0, 1, 1)
    expected = read_patch(tmp_path / "f" / "cup" / "1" / "v5.png", SIDE)
    np.testing.assert_array_equal(sets[1].patches[1], expected)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_a_table_gives_what_the_same_folders_give(tmp_path, ending):
    plain, digest = read_folder(folders(tmp_path / "f"), 2, 2)
    for splits in (False, True):
        root = table(tmp_path / f"t{splits}", splits, ending)
        sets, same = read_folder(root, 2, 2)
        assert labels(sets) == labels(plain)
        assert same == digest


def test_shapenet_s_folder_is_read_and_no_pickle(tmp_path):
    sets, _ = read_folder(shapenet(tmp_path / "s"), 2, 2)
    assert labels(sets)[0].categories == ("kind0", "kind1")
    assert all(each.objects.views == (3,) * 4 for each in sets)
    expected = read_patch(tmp_path / "s" / "test" / "101" / "image.png", SIDE)
    assert (sets[2].patches[7] == expected).all()
    sets, _ = read_folder(shapenet(tmp_path / "numbers", names=False), 2, 2)
    assert labels(sets)[0].categories == ("0", "1")


def test_the_fingerprint_is_of_pixels_and_labels(tmp_path):
    _, before = read_folder(folders(tmp_path / "f"), 2, 2)
    file = tmp_path / "f" / "cup" / "1" / "v0.png"
    image = Image.open(file).copy()
    image.save(file, compress_level=0)  # the same pixels, other bytes
    assert read_folder(tmp_path / "f", 2, 2)[1] == before
    image.putpixel((0, 0), (1, 2, 3))
    image.save(file)
    changed = read_folder(tmp_path / "f", 2, 2)[1]
    assert changed != before
    (tmp_path / "f" / "cup").rename(tmp_path / "f" / "cap")
    assert read_folder(tmp_path / "f", 2, 2)[1] != changed


def test_alpha_and_odd_shapes_become_square_patches(tmp_path):
    wide = np.full((10, 40, 4), (255, 0, 0, 255), dtype=np.uint8)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    patch = read_patch(tmp_path / "wide.png", 80)
    assert patch.shape == (80, 80, 4)
    assert (patch[:22, :, 3] == 0).all()
    assert (patch[36:44, :, 3] > 240).all()
    assert (patch[36:44, :, 0] == 255).all()
    picture(0, (64, 64)).save(tmp_path / "photo.jpg")
    assert (read_patch(tmp_path / "photo.jpg", 32)[..., 3] == 255).all()
    half = np.zeros((64, 64, 4), dtype=np.uint8)
    half[:, :32] = (0, 200, 0, 255)
    half[:, 32:] = (255, 0, 0, 0)  # a colour that nobody sees
    Image.fromarray(half).save(tmp_path / "half.png")
    small = read_patch(tmp_path / "half.png", 16)
    assert small[..., 0][small[..., 3] > 8].max() <= 2  # it does not bleed in at the edge


def drop(root, name):
    (root / name).unlink()


def rewrite(root, change):
    file = root / "metadata.csv"
    file.write_text(change(file.read_text()))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r: rewrite(r, lambda t: t.replace("category", "kind", 1)), "lacks the column 'cat"),
        (lambda r: rewrite(r, lambda t: t.replace("note", "view", 1)), "the column 'view' twice"),
        (lambda r: rewrite(r, lambda t: t + "a.png,cup,,v9,x\n"), "row 50, column identity.*empty"),
        (lambda r: rewrite(r, lambda t: t + t.splitlines()[1] + "\n"), "row 50.*twice.*row 2"),
        (lambda r: rewrite(r, lambda t: t + "a.png,cup\n"), "row 50: it has 2 values"),
        (lambda r: rewrite(r, lambda t: t + "../a.png,cup,1,v9,x\n"), "leads out of the folder"),
        (lambda r: rewrite(r, lambda t: t.splitlines()[0] + "\n"), "has no rows"),
        (lambda r: (r / "metadata.csv").write_bytes(b"\xff\xfe\x00bad"), "cannot be read"),
        (lambda r: drop(r, "images/cup/2/v3.png"), "row 11, column file: there is no file"),
        (lambda r: (r / "images/hat/1/v1.png").write_bytes(b"GIF89a"), "row 27.*cannot be read"),
        (lambda r: (r / "images/hat/1/v1.png").write_bytes(
            (r / "images/hat/1/v1.png").read_bytes()[:-30]), "row 27.*cannot be read"),
        (lambda r: Image.new("I;16", (4, 4)).save(r / "images/cup/1/v0.png"), "colour mode I;16"),
        (lambda r: shutil.copy(r / "metadata.csv", r / "metadata.tsv"), "keep one of them"),
    ],
)  # fmt: skip
def test_a_bad_table_or_image_is_refused_with_its_place(tmp_path, damage, message):
    root = table(tmp_path / "t")
    damage(root)
    with pytest.raises(StimuliError, match=message):
        read_folder(root, 2, 2)


def test_a_bad_split_is_refused(tmp_path):
    root = table(tmp_path / "t", splits=True)
    text = (root / "metadata.csv").read_text()
    (root / "metadata.csv").write_text(text.replace("val_angle", "test", 1))
    with pytest.raises(StimuliError, match="column split: 'test' is none of train"):
        read_folder(root, 2, 2)
    (root / "metadata.csv").write_text(text.replace("v5,val_identity", "v5,train", 1))
    with pytest.raises(StimuliError, match="must be new"):
        read_folder(root, 2, 2)


@pytest.mark.parametrize(
    ("categories", "identities", "views", "message"),
    [
        (3, 2, 6, r"has 2 categories \(cup, hat\), 3 are asked for"),
        (2, 4, 6, "0 identities of the category 'cup'"),
        (2, 2, 5, "1 views of cup/1 for the split val_angle"),
    ],
)
def test_too_little_is_refused(tmp_path, categories, identities, views, message):
    with pytest.raises(StimuliError, match=message):
        read_folder(folders(tmp_path / "f", views), categories, identities)


def test_a_folder_of_no_layout_names_all_three(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(StimuliError, match=r"metadata.csv.*iWISDM.*CATEGORY/IDENTITY/VIEW.png"):
        read_folder(tmp_path, 2, 2)
    with pytest.raises(StimuliError, match="no folder of stimuli"):
        read_folder(tmp_path / "none", 2, 2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StimuliError, match=f"Looked for: '{tmp_path}/none'"):
        read_folder(Path("none"), 2, 2)


@pytest.mark.parametrize("columns", ["ctg_mod,obj_mod,ang_mod\n0,0,0\n", ""])
def test_a_bad_table_of_shapenet_is_refused(tmp_path, columns):
    root = shapenet(tmp_path / "s")
    (root / "val" / "val_shapenet.csv").write_text(columns)
    with pytest.raises(
        StimuliError, match=r"val_shapenet.csv (lacks the column 'ref'|has no rows)"
    ):
        read_folder(root, 2, 2)


def config(**given) -> Config:
    return resolve(given, Config)


def test_a_user_s_folder_is_kept_in_the_store_for_the_stages(tmp_path):
    from hybridrep.testing.tiny_vision import make_vision_model

    make_vision_model(tmp_path / "model")
    root = folders(tmp_path / "f")
    textures = tmp_path / "textures"
    textures.mkdir()
    picture(1, (300, 400)).save(textures / "grass.png")
    store = Store(tmp_path / "store")
    given = {"stimuli": str(root), "categories": 2, "backbone": str(tmp_path / "model")}
    inputs = preparing.prepare(config(**given, background=str(textures)), store)
    for split, key in zip(SPLITS, inputs.stimuli.patches, strict=True):
        kept = store.open(key).arrays("patches")["rgba"]
        assert len(kept) * 4 == len(inputs.stimuli.labels(split))
    assert store.open(inputs.background.key).arrays("images")["000000"].shape == (256, 341, 3)
    moved = shutil.copytree(textures, tmp_path / "elsewhere")
    again = preparing.prepare(config(**given, background=str(moved)), store)
    assert again.background.fingerprint == inputs.background.fingerprint
    assert again.stimuli.digest == inputs.stimuli.digest


def test_bad_backgrounds_and_too_many_categories_are_refused(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ParameterError, match=f"parameter background='brick'.* Looked for: '{tmp_path}/brick'"
    ):
        preparing.prepare(config(background="brick"), store)
    with pytest.raises(ParameterError, match="has 8 categories"):
        preparing.prepare(config(categories=9), store)
    (tmp_path / "b").mkdir()
    with pytest.raises(StimuliError, match="holds no PNG or JPEG"):
        preparing.prepare(config(background=str(tmp_path / "b")), store)
    picture(0, (20, 20)).save(tmp_path / "b" / "small.png")
    with pytest.raises(StimuliError, match="20 x 20 pixels"):
        read_texture(tmp_path / "b" / "small.png", 48, 256)
