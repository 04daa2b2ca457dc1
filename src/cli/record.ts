// `bridge record`: the versions of one record, and when each was published.
import { type ShownVersion, showVersions } from '../admin/record-history.ts'
import { COLLECTIONS } from '../oneroster/model.ts'
import { ROSTERING } from '../oneroster/services.ts'
import { versionsOf } from '../store/record-history.ts'
import type { Command } from './command.ts'
import { print, printJson, say, table } from './output.ts'
import { PROFILE_OPTION, PROFILE_USAGE } from './profile.ts'
import { withStore } from './store.ts'

export const recordCommand: Command = {
  name: 'record',
  summary: 'Tells the versions of a record: when each was published, and which fields changed.',
  usage: [
    'bridge record COLLECTION/ID [--profile ID] [--json]',
    '',
    `COLLECTION  ${COLLECTIONS.join(', ')}`,
    'ID          a sourcedId, as consumers see it',
    '',
    PROFILE_USAGE,
    '',
    'Versions that nobody reads any more keep their times alone. --json prints the records too, with their personal data.',
  ].join('\n'),
  options: { ...PROFILE_OPTION },
  positionals: 1,
  async run(input) {
    const { words, isJson } = input
    const [word = ''] = words
    const slash = word.indexOf('/')
    const [collection, sourcedId] = [word.slice(0, slash), word.slice(slash + 1)]
    const known: readonly string[] = COLLECTIONS
    if (slash < 0 || sourcedId === '' || !known.includes(collection)) {
      say(`Which record? Write COLLECTION/ID, where COLLECTION is one of ${COLLECTIONS.join(', ')}.`)
      return 2
    }
    return withStore(input, async (sql, { publicUrl, host, port }) => {
      const root = `${publicUrl ?? `http://${host}:${port}`}${ROSTERING.v1p1.base}`
      const versions = showVersions(versionsOf(sql, collection, sourcedId, { version: 'v1p1', root }))
      if (versions.length === 0) {
        say(`No version of such a record in ${collection} has been published, or all are forgotten by now.`)
        return 1
      }
      if (isJson) printJson({ collection, sourcedId, versions })
      else print(table([HEADINGS, ...versions.map(rowOf)]))
      return 0
    })
  },
}

const HEADINGS = ['generation', 'published', 'until', 'status', 'changed']

function rowOf({ generation, publishedAt, until, isCurrent, status, changed, record }: ShownVersion): string[] {
  const end = isCurrent ? 'now' : (until ?? '-')
  const fields = record === undefined ? '(no longer stored)' : (changed?.join(', ') ?? '-')
  return [String(generation), publishedAt, end, status, fields]
}
