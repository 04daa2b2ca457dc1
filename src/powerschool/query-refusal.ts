// What PowerSchool's refusals of a PowerQuery mean, and what to do about each.

import { BridgeError } from '../errors.ts'
import { errorsIn } from './refusal-text.ts'

export const QUERY_PATH = '/ws/schema/query/'

export const UPGRADE_REMEDY =
  'Disable the plugin in PowerSchool under System > Plugin Management, enable it again, and approve all of its fields. If these are not listed there, make it anew (`npm run bridge -- plugin --out plugin.zip`), upload it, and enable it.'

export const INSTALL_REMEDY =
  'Make the plugin (`npm run bridge -- plugin --out plugin.zip`), upload it in PowerSchool under System > Plugin Management, and enable it; an older version has other queries.'

/** What to do about a refusal by its status, where the columns are not the reason. */
export const QUERY_REMEDIES: Readonly<Record<number, string>> = {
  400: 'Check the arguments of this query in the mapping, and that the plugin in PowerSchool was made from it.',
  403: UPGRADE_REMEDY,
  404: INSTALL_REMEDY,
  415: 'Check that no proxy changes the requests to PowerSchool: it takes a body of JSON only.',
}

/** The plugin lacks the right to columns that a query reads. */
export class MissingGrantError extends BridgeError {
  /** `SECTIONS.ROOM`, in capitals and sorted. */
  readonly columns: readonly string[]

  constructor(columns: readonly string[], query: string) {
    super('powerschool-rights', `The plugin may not read ${columns.join(', ')} (query ${query}).`, {
      remedy: UPGRADE_REMEDY,
    })
    this.columns = columns
  }
}

/** The columns that a refusal names, each once: `students.dob`, or `DOB` with the resource `Students`. */
export function missingGrant(status: number, body: string, path: string): MissingGrantError | undefined {
  if (status !== 403 && status !== 400) return undefined
  const columns = errorsIn(body).flatMap(({ resource, field, code }) => {
    // Facts 5.3: 400 is said to come for missing grants too, but then other faults of fields come with it as well.
    if (status === 400 && !(typeof code === 'string' && /no ?access/i.test(code))) return []
    return columnName(field) ?? columnName(`${resource}.${field}`) ?? []
  })
  if (columns.length === 0) return undefined
  return new MissingGrantError([...new Set(columns)].sort(), queryOf(path))
}

/** `students` of `/ws/schema/query/org.example.sis.roster.students_j71xy91w5fh53/count`: without the digest, for people. */
function queryOf(path: string): string {
  const name = path.slice(QUERY_PATH.length).replace(/\/count$/, '')
  return name.slice(name.lastIndexOf('.') + 1).replace(/_(?=[a-z]*\d)[a-z\d]{8,14}$/, '')
}

function columnName(text: unknown): string | undefined {
  return typeof text === 'string' && /^[\w$#]{1,60}\.[\w$#]{1,60}$/.test(text) ? text.toUpperCase() : undefined
}
