"""Files of a model that the code itself reads: not there, not whole, or of another kind or version than its library."""

from __future__ import annotations

from typing import Tuple

from bundle_runtime.advice.row import ARTIFACT, IMPORT, KIND, LOAD, Row

_CODE = (IMPORT, LOAD)

ROWS: Tuple[Row, ...] = (
    Row(
        "model-file-not-there", _CODE, "There is no {path}: a relative path is one in the bundle's own directory, not "
        "in the image's WORKDIR.",
        "Put it into the bundle (.bundleignore may leave it out; a pickle takes no files along, so pack the folder), "
        "or name that of the image by its whole path.",
        text=r"Load model from (?P<path>\S+) failed:.*File doesn't exist|SavedModel file does not exist at: "
        r"(?P<path2>.+?)/\{|No file or directory found at (?P<path3>\S+)|File not found: filepath=(?P<path4>.+?)\. |"
        r"open file failed.*No such file or directory, file path: (?P<path5>\S+)|The provided filename (?P<path6>\S+) "
        r"(does not exist|cannot be opened)|(?P<path7>\S+) cannot be opened for loading|Could not open (?P<path8>\S+)$|"
        r"could not open (?P<path9>\S+) for reading|Opening (?P<path10>\S+) failed: No such file|"
        r"unable to open file <(?P<path11>[^>]+)> in read-only mode: No such file|"
        r"LocalFileSystem::Open \"(?P<path12>[^\"]+)\": No such file",
        edits=(ARTIFACT,),
    ),
    Row(
        "model-folder-incomplete", _CODE, "{path} has not all the files of the model ({name}), or is not there.",
        "Write model and tokenizer into it (save_pretrained of both), or copy the whole snapshot; .gitignore and "
        ".bundleignore may leave files out.",
        error="OSError|ValueError|EnvironmentError",
        text=r"(?P<path>\S+) does not appear to have (a file|files) named (?P<name>[\w-]+(\.[\w-]+)*)|Error no "
        r"file named (?P<name2>[\w-]+(\.[\w-]+)*).* found in directory (?P<path2>\S+?)\.?( |$)|"
        r"Can't load (?P<name3>[\w ]+) for '(?P<path3>[./][^']*)'|"
        r"Unrecognized model in (?P<path4>\S+)\. Should have a `model_type` key in its (?P<name4>config\.json)",
        edits=(ARTIFACT,),
    ),
    Row(
        "weights-git-lfs", _CODE, "A file that the code reads is most likely a pointer of Git LFS, a text of three "
        "lines, and not the weights.",
        "Fetch them (`git lfs install`, `git lfs pull`) before the bundle or the image is made: its first line tells a "
        "pointer from the file.",
        text=r"invalid load key, 'v'|Unsupported operand 118\b|HeaderTooLarge",
    ),
    Row(
        "weights-html-page", _CODE, "A file that the code reads is an HTML page, such as a login or an error page that "
        "was saved in its place.",
        "Download the file itself with its credentials, and let a download that is refused fail (curl --fail).",
        text=r"invalid load key, '<'|Unsupported operand 60\b",
    ),
    Row(
        "weights-cut-off", _CODE, "A file that the code reads is empty, cut off, or of another format than the code "
        "takes it for.",
        "Compare its size and sha256 with the original's. Where they differ, copy it again (and close a file that is "
        "written before it is packed); where not, look at its first bytes, and read it with the library of its format.",
        text=r"failed (finding central directory|reading zip archive)|pickle data was truncated|Ran out of input|"
        r"File is not a zip file|[Tt]runcated file: eof|file signature not found|IncompleteMetadata|"
        r"MetadataIncompleteBuffer|InvalidHeader(Des|Len)|HeaderTooSmall|Compressed file ended before|Not a gzipped "
        r"file|unexpected EOF|invalid load key|Protobuf parsing failed|has wrong file format|"
        r"Error -\d while decompress",
        rank=KIND,
    ),
    Row(
        "onnx-version", _CODE, "The model is written in {what} {wrote} of ONNX, and the onnxruntime of the image reads "
        "them up to {have}.",
        "Ask for a newer onnxruntime in spec.bundle.requirements, or write the model for the image's (opset_version of "
        "the export, model.ir_version).",
        text=r"Unsupported model (?P<what>IR version): (?P<wrote>\d+), max supported IR version: (?P<have>\d+)|"
        r"(?P<what2>[Oo]pset) (?P<wrote2>\d+) is under development.*[Oo]fficial support for .* is till opset "
        r"(?P<have2>\d+)",
    ),
    Row(
        "keras-own-class", _CODE, "The model has a part of its own, {name}, which Keras does not know until the module "
        "that defines it is imported.",
        "Pack that module, import it where the model is loaded, and name the class in custom_objects of load_model or "
        "register it (keras.saving.register_keras_serializable).",
        text=r"Unknown (layer|object|loss function|metric function|optimizer): '?(?P<name>\w+)|Could not locate "
        r"(class|function) '(?P<name2>\w+)'",
        edits=(ARTIFACT,),
    ),
)  # fmt: skip
