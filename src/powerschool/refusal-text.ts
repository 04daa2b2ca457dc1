// Tells why PowerSchool refused, in its own words but without the values that it repeats.

import type { Query } from './ask.ts'

const MAX_LENGTH = 200
const MAX_FIELDS = 5

/**
 * The message of either error envelope (`{message, errors?}`, `{errorMessage: {message}}`), or '' if there is none. What
 * stands in quotes, looks like an e-mail or a longer number, or was a value in our query, becomes `…`.
 */
export function refusalText(body: string, query: Query): string {
  const envelope = objectIn(body)
  const inner = envelope?.errorMessage
  const message = isObject(inner) ? inner.message : envelope?.message
  if (typeof message !== 'string') return ''
  const text = `${withoutValues(message.slice(0, 4 * MAX_LENGTH), query)}${fieldText(envelope?.errors)}`
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

function withoutValues(message: string, query: Query): string {
  let text = message.replaceAll(/\s+/g, ' ').trim()
  for (const value of valuesIn(query)) text = text.replaceAll(value, '…')
  return text
    .replaceAll(/'[^']*'|"[^"]*"|“[^”]*”/g, '…')
    .replaceAll(/[^\s@]+@[^\s@]+/g, '…')
    .replaceAll(/\d[\d-]{3,}/g, '…')
}

/** The right-hand sides of `q`: `name.last_name==Doe;id=gt=7` holds `Doe` and `7`. */
function valuesIn(query: Query): string[] {
  const comparisons = String(query.q ?? '').matchAll(/=(?:=|\w+=)\(?([^;)]*)/g)
  return [...comparisons].flatMap((found) => (found[1] ?? '').split(',')).filter((value) => value.length > 1)
}

/** The list that the schema resources put beside their message: `{resource, field, code}` each. */
export function errorsIn(body: string): readonly Readonly<Record<string, unknown>>[] {
  return listed(objectIn(body)?.errors)
}

function listed(errors: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(errors) ? errors.filter(isObject) : []
}

/** Names of columns and reasons, as the schema resources list them. */
function fieldText(errors: unknown): string {
  const fields = listed(errors).slice(0, MAX_FIELDS).map(fieldReason)
  return fields.length === 0 ? '' : ` (${fields.join(', ')})`
}

function fieldReason({ field, code }: Readonly<Record<string, unknown>>): string {
  const name = typeof field === 'string' && /^[\w.]{1,60}$/.test(field) ? field : '…'
  return typeof code === 'string' && /^[\w ]{1,60}$/.test(code) ? `${name}: ${code}` : name
}

function objectIn(body: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{/.test(body)) return undefined
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    // A refusal without a readable envelope is still a refusal; its status tells enough.
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
