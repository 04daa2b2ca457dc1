// What a seed decides of a history before it begins: the district, the settings, and who reads how.
import { createRandom, type Random } from '../../fixtures/powerschool/random.ts'
import { parseDuration } from '../../src/duration.ts'
import { chooseReaders, type ReaderPlan } from './readers/plan.ts'

export interface Plan {
  readonly seed: number
  readonly random: Random
  /** Every other seed is read by the plugin's queries. */
  readonly template: 'rest' | 'powerquery'
  readonly students: number
  readonly schools: number
  readonly perStudent: number
  /** Of PowerSchool's lists. */
  readonly pageSize: number
  /** How many syncs may be published before the history comes to its end. */
  readonly publishes: number
  /** How long the history lasts at most, by the clock that never steps back. */
  readonly lastsMs: number
  readonly settings: Readonly<Record<string, string>>
  readonly quietMs: number
  readonly maxWaitMs: number
  readonly pinLifetimeMs: number
  readonly tombstoneLifetimeMs: number
  readonly guardShare: number
  readonly guardMinimum: number
  /** How often something happens in the district between two requests of a crawl, 0 to 1. */
  readonly liveliness: number
  readonly readers: readonly ReaderPlan[]
}

export interface PlanOptions {
  readonly seed: number
  /** Larger districts, more readers, longer lives. */
  readonly isLong?: boolean
}

export function choosePlan({ seed, isLong = false }: PlanOptions): Plan {
  const random = createRandom(seed * 7_919 + 11)
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 8; skipped += 1) random.next()
  const [quiet, maxWait] = random.pick([
    ['PT0S', 'PT0S'],
    ['PT20S', 'PT5M'],
    ['PT1M', 'PT30M'],
    ['PT1M', 'PT10M'],
    ['PT3M', 'PT2M'],
  ] as const)
  const settings = {
    SYNC_INTERVAL: random.pick(['PT0S', 'PT3M', 'PT5M', 'PT10M', 'PT20M']),
    PUBLISH_QUIET: quiet,
    PUBLISH_MAX_WAIT: maxWait,
    PIN_LIFETIME: random.pick(['PT5M', 'PT20M', 'PT1H', 'PT1H']),
    TOMBSTONE_LIFETIME: random.pick(['PT2H', 'P1D', 'P180D', 'P180D']),
    TOKEN_LIFETIME: 'P60D',
    GUARD_SHARE: random.pick(['0.2', '0.1', '0.4']),
    GUARD_MIN: random.pick(['5', '12', '25']),
    POWERSCHOOL_CONCURRENCY: random.pick(['1', '2', '4']),
  }
  const schools = random.int(1, 3)
  const size = isLong ? random.int(60, 400) : random.int(20, 45)
  return {
    seed,
    random,
    template: seed % 2 === 0 ? 'rest' : 'powerquery',
    students: size,
    schools,
    perStudent: random.int(2, isLong ? 5 : 3),
    pageSize: random.pick([5, 10, 25, 100]),
    publishes: isLong ? random.int(8, 20) : random.int(3, 7),
    lastsMs: random.pick([1, 3, isLong ? 24 : 3]) * 3_600_000,
    settings,
    quietMs: msOf(quiet),
    maxWaitMs: msOf(maxWait),
    pinLifetimeMs: msOf(settings.PIN_LIFETIME),
    tombstoneLifetimeMs: msOf(settings.TOMBSTONE_LIFETIME),
    guardShare: Number(settings.GUARD_SHARE),
    guardMinimum: Number(settings.GUARD_MIN),
    liveliness: random.pick([0, 0.01, 0.03, 0.1]),
    readers: chooseReaders(random, { isLong, pinLifetimeMs: msOf(settings.PIN_LIFETIME) }),
  }
}

function msOf(text: string): number {
  const parsed = parseDuration(text)
  if (!parsed.ok) throw new RangeError(`${text} is no duration`)
  return parsed.ms
}
