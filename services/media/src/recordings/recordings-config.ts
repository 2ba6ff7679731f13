import Type from 'typebox'

/** The settings of recordings. */
export const recordingsConfig = {
  JANUS_RECORDINGS_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: 'the folder that every Janus writes recordings to; without it there are none',
    }),
  ),
  JANUS_RECORDINGS_DIR_AT_JANUS: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: 'the same folder as Janus sees it; default: the same path',
    }),
  ),
  RECORDING_WORK_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description:
        'where films are made, about three times the size of the tracks; default: work in JANUS_RECORDINGS_DIR',
    }),
  ),
  RECORDING_MAX_MINUTES: Type.Integer({
    default: 240,
    minimum: 1,
    maximum: 1_440,
    description: 'a recording that is longer is stopped',
  }),
  RECORDING_MAX_PER_MEETING: Type.Integer({
    default: 50,
    minimum: 1,
    maximum: 10_000,
    description: 'recordings of one meeting that are kept at a time',
  }),
  RECORDING_MIN_FREE_MB: Type.Integer({
    default: 512,
    minimum: 1,
    maximum: 10_000_000,
    description: 'with less space in JANUS_RECORDINGS_DIR recordings are stopped, and none begins',
  }),
  RECORDING_EMPTY_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3_600,
    description: 'a recording of a room with nobody in it is stopped after this',
  }),
  RECORDING_RETENTION_DAYS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36_500,
    description: 'recordings are deleted after so many days; 0: only by people and with their meeting',
  }),
  RECORDING_RAW_DAYS: Type.Integer({
    default: 7,
    minimum: 0,
    maximum: 365,
    description: 'tracks of which no film could be made are kept for so long',
  }),
  RECORDING_THREADS: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 64,
    description: 'threads that make a film, one film at a time',
  }),
  RECORDING_STEP_MINUTES: Type.Integer({
    default: 120,
    minimum: 1,
    maximum: 1_440,
    description: 'a step of making a film that takes longer is given up',
  }),
}
