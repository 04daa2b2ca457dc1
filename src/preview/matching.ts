// How many users a directory's accounts would match, by each field and domain that School Data Sync could match with.
import type { MappedRecord } from '../mapping/ports.ts'

/** A column of accounts, such as `userPrincipalName`, and its values; a plain list is one column. */
export interface IdentityColumn {
  readonly name: string
  readonly values: readonly string[]
}

export type Identities = readonly IdentityColumn[]

/** Of a group of users, with one of their fields and one domain put behind it. */
export interface Match {
  readonly group: (typeof GROUPS)[number]
  /** The column of accounts. */
  readonly target: string
  readonly source: 'username' | 'email' | 'identifier'
  /** `@example.org`, put to values without an `@`; empty: none. */
  readonly domain: string
  readonly users: number
  readonly matched: number
  /** Users who have a value that no account has, and those who have none. */
  readonly unmatched: number
  readonly blank: number
  /** Users who claim an account that another one claims too. */
  readonly ambiguous: number
  /** The sourcedIds of the first that do not match. */
  readonly unmatchedKeys: readonly string[]
}

export interface MatchReport {
  /** Accounts of each column, without repetitions. */
  readonly accounts: Readonly<Record<string, number>>
  /** For each group what matches most comes first; combinations that match nobody are left out where another one matches. */
  readonly matches: readonly Match[]
  /** Accounts that no user matches by any of them, by column. */
  readonly unclaimed: Readonly<Record<string, number>>
}

const SOURCES = ['username', 'email', 'identifier'] as const
/** Domains that are tried, the most frequent ones of the accounts. */
const MOST_DOMAINS = 3

interface Combination {
  readonly target: string
  readonly accounts: ReadonlySet<string>
  readonly source: (typeof SOURCES)[number]
  readonly domain: string
}

interface Counting {
  readonly combination: Combination
  users: number
  blank: number
  unmatched: number
  readonly claims: Map<string, number>
  readonly unmatchedKeys: string[]
}

/** Compared as directories do: case does not matter. */
export function createMatching(identities: Identities, { samples }: { readonly samples: number }) {
  const columns = identities.map(({ name, values }) => ({
    name,
    accounts: new Set(values.map(folded).filter(Boolean)),
  }))
  const combinations = columns.flatMap(({ name: target, accounts }) =>
    domainsOf(accounts).flatMap((domain) => SOURCES.map((source) => ({ target, accounts, source, domain }))),
  )
  const groups = new Map<Match['group'], Counting[]>()
  const claimed = new Map(columns.map(({ name }) => [name, new Set<string>()]))

  const see = ({ sourcedId, fields }: MappedRecord): void => {
    const group = groupOf(fields.role)
    const countings = groups.get(group) ?? combinations.map(countingOf)
    groups.set(group, countings)
    for (const counting of countings) {
      const { combination, claims, unmatchedKeys } = counting
      counting.users += 1
      const value = fields[combination.source]
      if (typeof value !== 'string' || value === '') {
        counting.blank += 1
        continue
      }
      const identity = withDomain(folded(value), combination.domain)
      if (combination.accounts.has(identity)) {
        claims.set(identity, (claims.get(identity) ?? 0) + 1)
        claimed.get(combination.target)?.add(identity)
        continue
      }
      counting.unmatched += 1
      if (unmatchedKeys.length < samples) unmatchedKeys.push(sourcedId)
    }
  }

  const report = (): MatchReport => ({
    accounts: Object.fromEntries(columns.map(({ name, accounts }) => [name, accounts.size])),
    matches: GROUPS.flatMap((group) => matchesOf(group, groups.get(group) ?? [])),
    unclaimed: Object.fromEntries(
      columns.map(({ name, accounts }) => [name, accounts.size - (claimed.get(name)?.size ?? 0)]),
    ),
  })
  return { see, report }
}

const countingOf = (combination: Combination): Counting => ({
  combination,
  users: 0,
  blank: 0,
  unmatched: 0,
  claims: new Map(),
  unmatchedKeys: [],
})

const folded = (text: string) => text.trim().normalize('NFC').toLowerCase()

const withDomain = (value: string, domain: string) => (value.includes('@') ? value : value + domain)

/** None, and the most frequent ones. */
function domainsOf(accounts: ReadonlySet<string>): string[] {
  const counts = new Map<string, number>()
  for (const account of accounts) {
    const at = account.lastIndexOf('@')
    if (at >= 0) counts.set(account.slice(at), (counts.get(account.slice(at)) ?? 0) + 1)
  }
  const frequent = [...counts].sort(([, a], [, b]) => b - a).map(([domain]) => domain)
  return ['', ...frequent.slice(0, MOST_DOMAINS)]
}

const GROUPS = ['students', 'staff', 'contacts'] as const
const CONTACTS: readonly unknown[] = ['parent', 'guardian', 'relative']

function groupOf(role: unknown): Match['group'] {
  if (role === 'student') return 'students'
  return CONTACTS.includes(role) ? 'contacts' : 'staff'
}

function matchesOf(group: Match['group'], countings: readonly Counting[]): Match[] {
  const matches = countings.map(
    ({ combination: { target, source, domain }, users, blank, unmatched, claims, ...more }) => ({
      group,
      target,
      source,
      domain,
      users,
      matched: users - blank - unmatched,
      unmatched,
      blank,
      ambiguous: [...claims.values()].filter((count) => count > 1).reduce((sum, count) => sum + count, 0),
      unmatchedKeys: more.unmatchedKeys,
    }),
  )
  const sorted = matches.toSorted((a, b) => b.matched - a.matched)
  const matching = sorted.filter(({ matched }) => matched > 0)
  // A domain that changes nothing says nothing.
  const telling = matching.filter(
    (match) => match.domain === '' || !matching.some((plain) => plain.domain === '' && isSameMatch(plain, match)),
  )
  return telling.length > 0 ? telling : sorted.slice(0, 1)
}

const isSameMatch = (one: Match, other: Match) =>
  one.target === other.target && one.source === other.source && one.matched >= other.matched
