// What a refusal, or a warning beside the data, must look like: 1.1's array of outcomes and 1.2's bare object.
import * as z from 'zod'
import type { Operation } from './operations.ts'
import { text } from './parts.ts'

/** HTTP status → what it may be called in 1.1. Blanks and underscores are mixed in the standard itself. */
const V1P1_MINORS: Readonly<Record<number, readonly string[]>> = {
  400: ['invalid_filter_field', 'invalid_blank_selection_field', 'invalid data'],
  401: ['unauthorized'],
  403: ['forbidden'],
  404: ['unknown object'],
  405: ['invalid data'],
  422: ['invalid data'],
  429: ['server_busy'],
  500: ['internal_server_error'],
  503: ['server_busy'],
}

const V1P2_MINORS: Readonly<Record<number, readonly string[]>> = {
  400: ['invalid_filter_field', 'invalid_selection_field', 'invaliddata'],
  401: ['unauthorisedrequest'],
  403: ['forbidden'],
  404: ['unknownobject'],
  405: ['invaliddata'],
  422: ['invaliddata'],
  429: ['server_busy'],
  500: ['internal_server_error'],
  503: ['server_busy'],
}

/** The closed lists of the three documents, of which each service has its own. */
const V1P2_COMMON = [
  ...([
    'fullsuccess',
    'invalid_filter_field',
    'invalid_selection_field',
    'invaliddata',
    'unauthorisedrequest',
  ] as const),
  ...(['forbidden', 'server_busy', 'unknownobject', 'internal_server_error'] as const),
] as const
const V1P2_VOCABULARY: Readonly<Record<Operation['service'], readonly string[]>> = {
  rostering: V1P2_COMMON,
  gradebook: [...V1P2_COMMON, 'deletefailure'],
  resources: [...V1P2_COMMON, 'invalid_sort_field', 'unsupported'],
}

/** The document asks for a reference to the message in an outcome that is its own answer. */
function v1p1Info(operation: Operation, isBesideData: boolean) {
  return z.strictObject({
    imsx_codeMajor: z.enum(['success', 'processing', 'failure', 'unsupported']),
    imsx_severity: z.enum(['status', 'warning', 'error']),
    imsx_messageRefIdentifier: isBesideData ? text.optional() : text,
    imsx_operationRefIdentifier: z.literal(operation.name).optional(),
    imsx_description: text,
    imsx_codeMinor: text,
  })
}

const v1p2Info = z.strictObject({
  imsx_codeMajor: z.enum(['success', 'processing', 'failure', 'unsupported']),
  imsx_severity: z.enum(['status', 'warning', 'error']),
  imsx_description: text.optional(),
  imsx_CodeMinor: z.strictObject({
    imsx_codeMinorField: z
      .array(z.strictObject({ imsx_codeMinorFieldName: text, imsx_codeMinorFieldValue: text }))
      .min(1),
  }),
})

/** The outcome told, in one form for both versions, or why the payload is none. */
export type Told =
  | { readonly faults: readonly string[] }
  | {
      readonly major: string
      readonly severity: string
      readonly minors: readonly string[]
      readonly description: string
    }

function readPayload(operation: Operation, body: unknown, isBesideData = false): Told {
  if (operation.version === 'v1p1') {
    const read = z.strictObject({ statusInfoSet: z.array(v1p1Info(operation, isBesideData)).min(1) }).safeParse(body)
    if (!read.success) return { faults: wordsOf(read.error) }
    const infos = read.data.statusInfoSet
    return {
      major: infos.map((info) => info.imsx_codeMajor).join(),
      severity: infos.map((info) => info.imsx_severity).join(),
      minors: infos.map((info) => info.imsx_codeMinor),
      description: infos.map((info) => info.imsx_description).join(),
    }
  }
  const read = v1p2Info.safeParse(body)
  if (!read.success) return { faults: wordsOf(read.error) }
  const { imsx_codeMajor, imsx_severity, imsx_description, imsx_CodeMinor } = read.data
  return {
    major: imsx_codeMajor,
    severity: imsx_severity,
    minors: imsx_CodeMinor.imsx_codeMinorField.map((field) => field.imsx_codeMinorFieldValue),
    description: imsx_description ?? '',
  }
}

/** The faults of a refusal's body: its shape, its vocabulary, and whether it fits the HTTP status. */
export function refusalFaults(operation: Operation, status: number, body: unknown): string[] {
  const told = readPayload(operation, body)
  if ('faults' in told) return told.faults.map((fault) => `status payload: ${fault}`)
  const faults: string[] = []
  const major = status === 405 ? 'unsupported' : 'failure'
  if (told.major !== major) faults.push(`codeMajor of ${status} is ${told.major}, not ${major}`)
  if (told.severity !== 'error') faults.push(`severity of ${status} is ${told.severity}, not error`)
  const fitting = minorsOf(operation, status)
  const known = operation.version === 'v1p1' ? fitting : V1P2_VOCABULARY[operation.service]
  for (const minor of told.minors) {
    if (!fitting.includes(minor)) faults.push(`codeMinor of ${status} is '${minor}', not one of ${fitting.join(', ')}`)
    else if (!known.includes(minor)) faults.push(`codeMinor '${minor}' is none of the ${operation.service} service`)
  }
  const { description } = told
  if (operation.version === 'v1p2' && status === 404 && !description.includes('Unknown Object')) {
    faults.push(`the description of 404 does not say Unknown Object: ${description}`)
  }
  return faults
}

function minorsOf({ version, service }: Operation, status: number): readonly string[] {
  if (version === 'v1p1') return V1P1_MINORS[status] ?? []
  // Of the three services, only resources has a word of its own for a method that is not supported.
  return status === 405 && service === 'resources' ? ['unsupported'] : (V1P2_MINORS[status] ?? [])
}

/** The faults of what stands beside the data of a 200. `wanted` are the warnings that the request must bring about. */
export function warningFaults(operation: Operation, statusInfoSet: unknown, wanted: readonly string[]): string[] {
  if (statusInfoSet === undefined) return wanted.map((minor) => `the warning ${minor} is missing`)
  if (operation.version === 'v1p2') return ['1.2 has no room for a status beside the data']
  const told = readPayload(operation, { statusInfoSet }, true)
  if ('faults' in told) return told.faults.map((fault) => `warning: ${fault}`)
  const faults = wanted
    .filter((minor) => !told.minors.includes(minor))
    .map((minor) => `the warning ${minor} is missing`)
  if (/failure|unsupported|processing/.test(told.major)) faults.push(`codeMajor of a warning is ${told.major}`)
  if (/error|status/.test(told.severity)) faults.push(`severity of a warning is ${told.severity}`)
  const unknown = told.minors.filter((minor) => minor !== 'invalid_sort_field' && minor !== 'invalid_selection_field')
  return [...faults, ...unknown.map((minor) => `the warning '${minor}' is unknown`)]
}

/** A schema's complaints, each with the path at which it is made. */
export function wordsOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
}
