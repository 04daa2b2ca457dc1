// What each outcome is called in the two versions, and how a status payload is written.
import type { Version } from './model.ts'
import { type Service, V1P2_RESOURCES } from './services.ts'

export type Outcome =
  | 'unknown-sort-field'
  | 'unknown-selection-field'
  | 'invalid-filter'
  | 'invalid-selection'
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
  | 'malformed-credentials'

export interface StatusCodes {
  readonly httpStatus: 200 | 400 | 401 | 403 | 404 | 405 | 422 | 429 | 500 | 503
  readonly codeMajor: 'success' | 'failure' | 'unsupported'
  readonly severity: 'status' | 'warning' | 'error'
  /** Blanks and underscores are mixed in the standard itself. */
  readonly codeMinor: Readonly<Record<Version, string>>
  /** Where the v1.2 resources service has a word of its own. */
  readonly inResources?: string
}

const failure = (httpStatus: StatusCodes['httpStatus'], v1p1: string, v1p2: string): StatusCodes => ({
  httpStatus,
  codeMajor: 'failure',
  severity: 'error',
  codeMinor: { v1p1, v1p2 },
})

/** A v1.2 answer has no room for warnings; its codes here are what it would say. */
const warning = (codeMinor: string): StatusCodes => ({
  httpStatus: 200,
  codeMajor: 'success',
  severity: 'warning',
  codeMinor: { v1p1: codeMinor, v1p2: codeMinor },
})

/** Outcome → HTTP status and codes. */
export const STATUS: Readonly<Record<Outcome, StatusCodes>> = {
  'unknown-sort-field': warning('invalid_sort_field'),
  'unknown-selection-field': warning('invalid_selection_field'),
  'invalid-filter': failure(400, 'invalid_filter_field', 'invalid_filter_field'),
  'invalid-selection': failure(400, 'invalid_selection_field', 'invalid_selection_field'),
  'blank-selection': failure(400, 'invalid_blank_selection_field', 'invalid_selection_field'),
  'invalid-parameter': failure(400, 'invalid data', 'invaliddata'),
  'malformed-credentials': failure(400, 'invalid data', 'invaliddata'),
  unauthorized: failure(401, 'unauthorized', 'unauthorisedrequest'),
  forbidden: failure(403, 'forbidden', 'forbidden'),
  'unknown-object': failure(404, 'unknown object', 'unknownobject'),
  'method-not-allowed': {
    ...failure(405, 'invalid data', 'invaliddata'),
    codeMajor: 'unsupported',
    inResources: 'unsupported',
  },
  'invalid-content': failure(422, 'invalid data', 'invaliddata'),
  busy: failure(429, 'server_busy', 'server_busy'),
  'not-ready': failure(503, 'server_busy', 'server_busy'),
  'internal-error': failure(500, 'internal_server_error', 'internal_server_error'),
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

/** `{ statusInfoSet: […] }`: the whole body of a v1.1 failure, or the member to put beside the data of a warning. */
export function v1p1Status(infos: readonly StatusInfo[], { requestId, operation }: StatusContext = {}) {
  return {
    statusInfoSet: infos.map(({ outcome, description }) => {
      const { codeMajor, severity, codeMinor } = STATUS[outcome]
      return {
        imsx_codeMajor: codeMajor,
        imsx_severity: severity,
        ...(requestId === undefined ? {} : { imsx_messageRefIdentifier: requestId }),
        ...(operation === undefined ? {} : { imsx_operationRefIdentifier: operation }),
        imsx_description: description,
        imsx_codeMinor: codeMinor.v1p1,
      }
    }),
  }
}

/** The bare imsx_StatusInfo of a failure in that v1.2 service. */
export function v1p2Status({ outcome, description }: StatusInfo, service: Service) {
  const { codeMajor, severity, codeMinor, inResources } = STATUS[outcome]
  const minor = service === V1P2_RESOURCES ? (inResources ?? codeMinor.v1p2) : codeMinor.v1p2
  return {
    imsx_codeMajor: codeMajor,
    imsx_severity: severity,
    imsx_description: description,
    imsx_CodeMinor: {
      imsx_codeMinorField: [{ imsx_codeMinorFieldName: 'TargetEndSystem', imsx_codeMinorFieldValue: minor }],
    },
  }
}

/** The whole body of a failure. */
export function failureBody(service: Service, info: StatusInfo, context: StatusContext = {}): object {
  return service.version === 'v1p1' ? v1p1Status([info], context) : v1p2Status(info, service)
}
