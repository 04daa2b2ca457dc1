// The kinds of readers that a history has, after those in the field, and how a seed mixes their traits.
import type { Random } from '../../../fixtures/powerschool/random.ts'

/** What a run reads: everything, or what is later than a time noted before each list's pull or before the whole run. */
export type Strategy = 'full' | 'unfiltered' | 'delta-by-list' | 'delta-by-run'
/** How pages follow each other. */
export type Paging = 'total' | 'link' | 'until-empty' | 'parallel'
export type Access = 'token-a-run' | 'token-a-request' | 'oauth1'
/** Which lists make up a run. */
export type Lists = 'collections' | 'roles' | 'schools'

export interface ReaderPlan {
  readonly kind: string
  readonly strategy: Strategy
  readonly paging: Paging
  readonly lists: Lists
  readonly access: Access
  readonly version: 'v1p1' | 'v1p2'
  readonly isGzip: boolean
  /** `>=` instead of `>`. */
  readonly isInclusive: boolean
  /** Sizes of pages, in turn. */
  readonly limits: readonly number[]
  /** How long it waits at most between two pages, and between two runs. */
  readonly betweenPagesMs: number
  readonly betweenRunsMs: number
  /** How likely it gives up at a page and begins anew with its old cursor. */
  readonly givesUp: number
  /** Asks only for totals, with HEAD. */
  readonly isHead: boolean
  readonly isNarrowed: boolean
}

type Traits = Partial<ReaderPlan>

/** What makes each kind; the seed decides the rest. */
const KINDS: Readonly<Record<string, Traits>> = {
  'full puller': { strategy: 'full', lists: 'collections' },
  'unfiltered puller': { strategy: 'unfiltered', lists: 'collections' },
  'cursor by list': { strategy: 'delta-by-list' },
  'cursor by run': { strategy: 'delta-by-run' },
  'inclusive delta': { strategy: 'delta-by-list', isInclusive: true },
  'delta by role': { strategy: 'delta-by-list', lists: 'roles', version: 'v1p1' },
  'slow pager': { paging: 'total', betweenPagesMs: -1, limits: [40, 90] },
  'parallel pager': { paging: 'parallel' },
  'restarting reader': { strategy: 'delta-by-run', givesUp: 0.06 },
  'link follower': { paging: 'link' },
  'reads until empty': { paging: 'until-empty' },
  'school by school': { lists: 'schools', version: 'v1p1' },
  'reader of 1.2': { version: 'v1p2' },
  'asks for totals': { isHead: true, strategy: 'unfiltered', lists: 'collections' },
  'sees one school': { isNarrowed: true, lists: 'collections' },
  'one school by cursor': { isNarrowed: true, strategy: 'delta-by-list', lists: 'collections' },
  /** As School Data Sync: everything in a row, quickly. */
  'polite run': { strategy: 'full', lists: 'collections', betweenPagesMs: 500, givesUp: 0, limits: [100, 5000] },
}

export const READER_KINDS: readonly string[] = Object.keys(KINDS)

export interface ReaderChoice {
  readonly isLong: boolean
  readonly pinLifetimeMs: number
}

export function chooseReaders(random: Random, { isLong, pinLifetimeMs }: ReaderChoice): readonly ReaderPlan[] {
  const left = [...READER_KINDS]
  return Array.from({ length: isLong ? random.int(6, 12) : random.int(3, 5) }, () => {
    const [kind = 'full puller'] = left.length > 0 ? left.splice(random.int(0, left.length - 1), 1) : []
    const traits: ReaderPlan = { ...chance(random, kind), ...KINDS[kind] }
    const isSlow = traits.betweenPagesMs < 0
    // v1.2 knows no OAuth 1.0a.
    const access = traits.version === 'v1p2' && traits.access === 'oauth1' ? 'token-a-run' : traits.access
    return { ...traits, access, betweenPagesMs: isSlow ? Math.floor(pinLifetimeMs * 0.8) : traits.betweenPagesMs }
  })
}

function chance(random: Random, kind: string): ReaderPlan {
  return {
    kind,
    strategy: random.pick(['full', 'delta-by-list', 'delta-by-run', 'delta-by-run']),
    paging: random.pick(['total', 'total', 'link', 'parallel', 'until-empty']),
    lists: 'collections',
    access: random.pick(['token-a-run', 'token-a-run', 'token-a-request', 'oauth1']),
    version: random.chance(0.2) ? 'v1p2' : 'v1p1',
    isGzip: random.chance(0.4),
    isInclusive: random.chance(0.2),
    limits: random.pick([[100], [30], [7, 60, 25], [5000], [50, 120]]),
    betweenPagesMs: random.pick([20, 2_000, 30_000, 120_000]),
    betweenRunsMs: random.pick([300_000, 1_200_000, 3_600_000]),
    givesUp: random.chance(0.3) ? 0.02 : 0,
    isHead: false,
    isNarrowed: random.chance(0.15),
  }
}
