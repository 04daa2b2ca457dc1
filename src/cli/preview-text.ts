// How a preview of a mapping is told to a person.
import type { Match, MatchReport } from '../preview/matching.ts'
import type { CollectionPreview, Preview } from '../preview/preview.ts'
import { describeUnread, isAllRead } from '../sync/unread.ts'
import { table } from './output.ts'
import { describeRemoval, keysText, RELEASE } from './sync-summary.ts'

export function previewText(preview: Preview): string {
  const { collections, fields, held, diagnostics, unread, matches } = preview
  const parts = [
    [
      preview.generation === undefined
        ? 'Nothing is published yet: every record would be new.'
        : `Compared with generation ${preview.generation}, published at ${preview.publishedAt}.`,
      `The rows were read from ${preview.crawledAt} on, and are mapped as of ${preview.today}. Nothing is written.`,
    ].join('\n'),
    isAllRead(unread)
      ? ''
      : `PowerSchool was not asked for all that this mapping reads.${describeUnread(unread)}\nThe next sync reads it; until then it counts as blank here.`,
    table([
      ['collection', 'now', 'then', 'appear', 'vanish', 'change'],
      ...Object.entries(collections).map(([name, counts]) => rowOf(name, counts)),
    ]),
    ...samplesText(collections),
    fields.length === 0
      ? ''
      : table([
          ['field', 'appears', 'vanishes', 'changes', 'for example'],
          ...fields.map(({ collection, field, appears, vanishes, changes, samples: [first] }) => [
            `${collection}.${field}`,
            ...[appears, vanishes, changes].map(String),
            first === undefined ? '' : `${first.sourcedId}: ${first.before ?? '(none)'} → ${first.after ?? '(none)'}`,
          ]),
        ]),
    diagnostics.length === 0
      ? ''
      : table([
          ['now', 'then', 'diagnostic', 'where', 'keys of the first'],
          ...diagnostics.map(({ code, rule, field, count, keys, before }) => [
            String(before ?? '-'),
            String(count),
            code,
            field === undefined ? rule : `${rule}.${field}`,
            keysText(keys, count),
          ]),
        ]),
    held.length === 0
      ? ''
      : [...held.map((removal) => `Would be held: ${describeRemoval(removal)}.`), RELEASE].join('\n'),
    matches === undefined ? '' : matchesText(matches),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function rowOf(name: string, { isMapped, active, added, changed, removed }: CollectionPreview): string[] {
  if (!isMapped) return [name, String(active), String(active), '-', '-', '-']
  return [name, active - added + removed, active, added, removed, changed].map(String)
}

function samplesText(collections: Preview['collections']): string[] {
  return Object.entries(collections).flatMap(([name, { appear, vanish }]) => [
    ...(appear.length === 0 ? [] : [`${name} that appear: ${appear.join(', ')} …`]),
    ...(vanish.length === 0 ? [] : [`${name} that vanish: ${vanish.join(', ')} …`]),
  ])
}

function matchesText({ accounts, matches, unclaimed }: MatchReport): string {
  const lists = Object.entries(accounts).map(([name, count]) => `${count} of ${name} (${unclaimed[name]} match nobody)`)
  return [
    `Accounts: ${lists.join(', ')}.`,
    table([
      ['users', 'source', 'domain put behind', 'matches', 'matched', 'unmatched', 'blank', 'ambiguous'],
      ...matches.map((match) => [match.group, match.source, match.domain || 'none', match.target, ...countsOf(match)]),
    ]),
    ...unmatchedText(matches),
  ].join('\n')
}

/** Of the best match of each group. */
function unmatchedText(matches: readonly Match[]): string[] {
  const best = matches.filter(({ group }, at) => matches.findIndex((other) => other.group === group) === at)
  return best.flatMap(({ group, matched, unmatched, unmatchedKeys }) => {
    if (matched === 0) return [`No account matches any of the ${group}: does the file hold their accounts?`]
    if (unmatched === 0) return []
    return [`${group} without an account: ${unmatchedKeys.join(', ')}${unmatched > unmatchedKeys.length ? ' …' : ''}`]
  })
}

function countsOf({ users, matched, unmatched, blank, ambiguous }: Match): string[] {
  const share = users === 0 ? 0 : Math.floor((matched / users) * 1000) / 10
  return [`${matched} of ${users} (${share} %)`, ...[unmatched, blank, ambiguous].map(String)]
}
