// Reads a list of a directory's accounts: one a line, or a CSV with headings.
import { CsvError, parse } from 'csv-parse/sync'
import { BridgeError } from '../errors.ts'
import type { Identities } from '../preview/matching.ts'

/** The headings that hold identities, as directories export them; case and blanks do not matter. */
const KNOWN = ['userPrincipalName', 'mail', 'mailNickname', 'alias', 'email', 'username', 'upn', 'proxyAddresses']

/**
 * A CSV (RFC 4180; commas, semicolons or tabs) whose first line has a heading of `KNOWN` gives those columns; any other text is a list,
 * one identity a line. Refuses with `settings-invalid` a file without any, and a CSV of which no heading is known.
 */
export function readIdentities(text: string, file: string): Identities {
  const lines = rowsOf(text, file)
  const [head, ...body] = lines
  if (head === undefined) throw unusable(`${file} is empty.`)
  const known = head.flatMap((heading, at) => {
    const name = KNOWN.find((word) => word.toLowerCase() === heading.replaceAll(/\s/g, '').toLowerCase())
    return name === undefined ? [] : [{ name, at }]
  })
  if (known.length > 0) {
    return known.map(({ name, at }) => ({ name, values: body.flatMap((row) => identitiesIn(row[at], name)) }))
  }
  if (head.length > 1) {
    throw unusable(`${file} is a CSV without a known heading: found ${head.length} columns.`)
  }
  const [heading = ''] = head
  if (body.length > 0 && !heading.includes('@') && body.every(([value = '']) => value.includes('@'))) {
    throw unusable(`${file} begins with the heading \`${heading}\`, which is not known.`)
  }
  return [{ name: 'identity', values: lines.flatMap(([value]) => identity(value)) }]
}

function unusable(message: string): BridgeError {
  const remedy = `Write one identity a line, or a CSV with at least one of the headings ${KNOWN.join(', ')}.`
  return new BridgeError('settings-invalid', message, { remedy })
}

function identity(value: string | undefined): string[] {
  const trimmed = value?.trim() ?? ''
  return trimmed === '' ? [] : [trimmed]
}

/** One of the addresses in a cell of `proxyAddresses`: `SMTP:ada@example.org;smtp:li@example.org`, or with `+` or commas between. */
const PROXY = /\bsmtp:([^\s;,"]+?)(?=\+\w+:|[\s;,"]|$)/gi

function identitiesIn(value: string | undefined, name: string): string[] {
  if (name !== 'proxyAddresses') return identity(value)
  const addresses = [...(value ?? '').matchAll(PROXY)].flatMap(([, address]) => identity(address))
  return addresses.length > 0 ? addresses : identity(value)
}

/** What PowerShell writes before the headings. */
const TYPE_LINE = /^\ufeff?#TYPE [^\n]*\n/

/** Lines without any text are left out. */
function rowsOf(whole: string, file: string): string[][] {
  const text = whole.replace(TYPE_LINE, '')
  const [first = ''] = text.split(/\r?\n/, 1)
  const delimiter = first.includes(',') ? ',' : ([';', '\t'].find((sign) => first.includes(sign)) ?? ',')
  try {
    return parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw unusable(`${file} is no CSV: ${error.code} in line ${String(error.lines)}.`)
  }
}
