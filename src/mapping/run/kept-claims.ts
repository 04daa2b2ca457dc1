// Which rows of a collection have their sourcedId from before: they keep it when another row comes to the same one.
import type { RuleProgram } from './compile-rule.ts'
import type { Frame } from './frame.ts'
import type { Machine } from './machine.ts'
import type { RuleRun } from './rule-run.ts'

interface Claim {
  readonly rule: string
  readonly ordinal: number
}

/** The row that has each kept id, of the rows that are published now. Where two have one, the first. */
export type KeptClaims = ReadonlyMap<string, Claim>

export interface Claiming {
  readonly programs: { get(id: string): RuleProgram | undefined }
  readonly rules: ReadonlyMap<string, RuleRun>
  readonly machine: Machine
}

const NO_CLAIMS: KeptClaims = new Map()

/** Reads the rules that keep ids, and no others; each step of the generator is one batch of rows. */
export function* claimKeptIds(
  ids: readonly string[],
  { programs, rules, machine }: Claiming,
  batchRows: number,
): Generator<readonly [], KeptClaims> {
  if (machine.published === undefined) return NO_CLAIMS
  const claims = new Map<string, Claim>()
  for (const id of ids) {
    const rule = rules.get(id)
    const program = programs.get(id)
    if (rule === undefined || program?.keptId === undefined) continue
    let own: Frame | undefined
    for (let after = 0; ; ) {
      const batch = machine.rows.batch(program.source, after, batchRows)
      const last = batch[batch.length - 1]
      if (last === undefined) break
      after = last.ordinal
      for (const staged of batch) {
        const frame = rule.frameIn(own, staged)
        own = frame
        if (frame.ordinal !== staged.ordinal || !rule.isIn(frame)) continue
        const kept = rule.keptIdOf(frame)
        if (kept !== undefined && !claims.has(kept)) claims.set(kept, { rule: id, ordinal: frame.ordinal })
      }
      yield []
    }
  }
  return claims
}

/** Whether the id belongs to another row than this. */
export function isClaimedByOther(claims: KeptClaims, sourcedId: string, rule: string, ordinal: number): boolean {
  if (claims.size === 0) return false
  const claim = claims.get(sourcedId)
  return claim !== undefined && (claim.ordinal !== ordinal || claim.rule !== rule)
}
