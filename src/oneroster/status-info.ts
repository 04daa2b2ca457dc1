// The v1.1 status payload: what each outcome is called, and how it is written.

export interface StatusCodes {
  readonly httpStatus: 200 | 400 | 401 | 403 | 404 | 405 | 422 | 429 | 500 | 503
  readonly codeMajor: 'success' | 'failure' | 'unsupported'
  readonly severity: 'status' | 'warning' | 'error'
  readonly codeMinor: string
}

export type Outcome =
  | 'unknown-sort-field'
  | 'unknown-selection-field'
  | 'invalid-filter'
  | 'blank-selection'
  | 'invalid-parameter'
  | 'unauthorized'
  | 'forbidden'
  | 'unknown-object'
  | 'method-not-allowed'
  | 'invalid-content'
  | 'busy'
  | 'not-ready'
  | 'internal-error'

const failure = (httpStatus: StatusCodes['httpStatus'], codeMinor: string): StatusCodes => ({
  httpStatus,
  codeMajor: 'failure',
  severity: 'error',
  codeMinor,
})

const warning = (codeMinor: string): StatusCodes => ({
  httpStatus: 200,
  codeMajor: 'success',
  severity: 'warning',
  codeMinor,
})

/** Outcome → HTTP status and v1.1 codes. Blanks and underscores are mixed in the standard itself. */
export const V1P1_STATUS: Readonly<Record<Outcome, StatusCodes>> = {
  'unknown-sort-field': warning('invalid_sort_field'),
  'unknown-selection-field': warning('invalid_selection_field'),
  'invalid-filter': failure(400, 'invalid_filter_field'),
  'blank-selection': failure(400, 'invalid_blank_selection_field'),
  'invalid-parameter': failure(400, 'invalid data'),
  unauthorized: failure(401, 'unauthorized'),
  forbidden: failure(403, 'forbidden'),
  'unknown-object': failure(404, 'unknown object'),
  'method-not-allowed': { ...failure(405, 'invalid data'), codeMajor: 'unsupported' },
  'invalid-content': failure(422, 'invalid data'),
  busy: failure(429, 'server_busy'),
  'not-ready': failure(503, 'server_busy'),
  'internal-error': failure(500, 'internal_server_error'),
}

/** What happened, in a sentence for a person. It quotes parameters' names and fields, never a record. */
export interface StatusInfo {
  readonly outcome: Outcome
  readonly description: string
}

export interface StatusContext {
  /** The request's id, as in the log. */
  readonly requestId?: string | undefined
  /** The operation's name (`getAllUsers`), when the path is known. */
  readonly operation?: string | undefined
}

/** `{ statusInfoSet: […] }`: the whole body of a failure, or the member to put beside the data of a warning. */
export function statusPayload(infos: readonly StatusInfo[], { requestId, operation }: StatusContext = {}) {
  return {
    statusInfoSet: infos.map(({ outcome, description }) => {
      const { codeMajor, severity, codeMinor } = V1P1_STATUS[outcome]
      return {
        imsx_codeMajor: codeMajor,
        imsx_severity: severity,
        ...(requestId === undefined ? {} : { imsx_messageRefIdentifier: requestId }),
        ...(operation === undefined ? {} : { imsx_operationRefIdentifier: operation }),
        imsx_description: description,
        imsx_codeMinor: codeMinor,
      }
    }),
  }
}
