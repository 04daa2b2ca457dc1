// Masks the values of an explanation: letters become x, digits 9. Names of things and keys of rows stay.
import type {
  ExplainedField,
  ExplainedInput,
  ExplainedRecord,
  ExplainedText,
  Reason,
  Shown,
  Verdict,
} from './explain-data.ts'

export function maskValue(value: Shown): Shown {
  // Marks are vowels in some scripts.
  if (typeof value === 'string') return value.replace(/[\p{L}\p{M}]/gu, 'x').replace(/\p{N}/gu, '9')
  if (typeof value === 'number') return Number(String(value).replace(/\d/g, '9'))
  if (value === null || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(maskValue)
  if ('sourcedId' in value && 'collection' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, maskValue(part)]))
}

/** The same with every value of a row masked. Settings, constants and references tell nothing of a person and stay. */
export function redactRecord(explained: ExplainedRecord): ExplainedRecord {
  const { record } = explained
  return {
    ...explained,
    rows: explained.rows.map(redactVerdict),
    ...(record && {
      record: { ...record, where: record.where.map(redactText), fields: record.fields.map(redactField) },
    }),
  }
}

function redactField(field: ExplainedField): ExplainedField {
  const { kept } = field
  const masked = redactText(field)
  return kept ? { ...masked, value: maskValue(field.value), kept: { ...kept, now: maskValue(kept.now) } } : masked
}

function redactVerdict(verdict: Verdict): Verdict {
  return verdict.reason ? { ...verdict, reason: redactReason(verdict.reason) } : verdict
}

function redactReason(reason: Reason): Reason {
  switch (reason.kind) {
    case 'where':
      return { ...reason, condition: redactText(reason.condition) }
    case 'required':
      return { ...reason, value: redactText(reason.value) }
    case 'lookup':
      return { ...reason, lookup: { ...reason.lookup, ...redactLookup(reason.lookup) } }
    case 'repeated':
    case 'ring':
      return reason
    default:
      return reason satisfies never
  }
}

/** A text that reads no row says the same of everybody. */
function redactText<T extends ExplainedText>(text: T): T {
  const isOfRow = text.inputs.some(({ kind }) => kind !== 'setting' && kind !== 'today')
  const { inherited } = text
  return {
    ...text,
    value: isOfRow ? maskValue(text.value) : text.value,
    inputs: text.inputs.map(redactInput),
    ...(inherited && { inherited: inherited.map(redactInherited) }),
  }
}

/** What it reads is told where the formula on top is. */
function redactInherited(text: ExplainedText): ExplainedText {
  const { inherited } = text
  return {
    ...text,
    value: maskValue(text.value),
    ...(inherited && { inherited: inherited.map(redactInherited) }),
  }
}

function redactInput(input: ExplainedInput): ExplainedInput {
  switch (input.kind) {
    case 'column':
      return { ...input, value: maskValue(input.value) }
    case 'table':
      return { ...input, code: maskValue(input.code), value: maskValue(input.value) }
    case 'item':
      return {
        ...input,
        value: maskValue(input.value),
        result: maskValue(input.result),
        inputs: input.inputs.map(redactInput),
      }
    case 'lookup':
      return { ...input, ...redactLookup(input) }
    case 'reference':
      return { ...input, because: input.because.map(redactVerdict) }
    case 'setting':
    case 'today':
      return input
    default:
      return input satisfies never
  }
}

type Lookup = Extract<ExplainedInput, { kind: 'lookup' }>
type Redacted = Pick<Lookup, 'value' | 'inputs' | 'rejected' | 'because'>

function redactLookup({ value, inputs, rejected, because }: Lookup): Redacted {
  return {
    ...(value !== undefined && { value: maskValue(value) }),
    inputs: inputs.map(redactInput),
    rejected: rejected.map((one) => ({ ...one, condition: redactText(one.condition) })),
    because: because.map(redactVerdict),
  }
}
