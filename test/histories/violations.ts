// Where the checks report to: every way in which a history can be wrong has a name.

export const VIOLATIONS = {
  'record-twice': 'a pull holds a record more than once',
  'total-wavers': 'X-Total-Count is not one number over the pages of a pull',
  'total-wrong': 'X-Total-Count is not the number of records in the pages',
  'no-generation': 'a pull is the content of no published generation that it may be of',
  'copy-wrong': 'a copy that was right for its cursor is wrong after the delta',
  'time-falls': 'a publish is not later than the one before',
  'change-keeps-time': 'a record changed and kept its dateLastModified',
  'time-moves-alone': 'a dateLastModified moved and nothing else',
  'removal-unannounced': 'a record left without a tombstone',
  'tombstone-unlike': 'a tombstone says something else than the record that left',
  'tombstone-early': 'a tombstone went before its lifetime ended',
  'dangling-in-generation': 'a record leads to one that its generation does not hold',
  'narrowed-wrong': 'a narrowed roster holds other records than its school has',
  'guard-passed': 'a publish removed more than the guard lets pass',
  'run-torn': 'a run within politeness saw more than one generation',
  'dangling-in-run': 'a record of a run within politeness leads to one that the run did not see',
  'answer-unexpected': 'an answer has a status that it must not have',
  'left-behind': 'clean-up left what nobody can read',
  'not-converged': 'in the end a copy differs from the district',
  'never-synced': 'in the end no sync succeeded',
  'bridge-crashed': 'something failed that the bridge calls its own fault',
} as const

export type ViolationName = keyof typeof VIOLATIONS

export interface Violation {
  readonly name: ViolationName
  readonly what: string
}

/** The reporter of one history. */
export interface Verdict {
  readonly violations: readonly Violation[]
  report(name: ViolationName, what: string): void
  /** A step for whoever must find out how a violation came about. */
  note(step: string): void
  readonly trace: () => readonly string[]
}

const TRACE = 200
/** One mistake shows in many places; the first ones tell it. */
const MOST = 20

export function createVerdict(): Verdict {
  const violations: Violation[] = []
  const steps: string[] = []
  const note = (step: string) => {
    steps.push(step)
    if (steps.length > TRACE) steps.shift()
  }
  return {
    violations,
    report(name, what) {
      note(`VIOLATION ${name}: ${what}`)
      if (violations.length < MOST) violations.push({ name, what })
    },
    note,
    trace: () => [...steps],
  }
}
