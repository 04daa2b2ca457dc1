// A run of a mapping over staged rows: the scope of a rule, all records, the report.
import type { CheckedMapping } from '../check/check.ts'
import type {
  MappedRecord,
  MappingRun,
  PublishedRow,
  RecordsOptions,
  RunInput,
  RunPlace,
  RunState,
  StagedRow,
} from '../ports.ts'
import type { Value } from '../values.ts'
import { compileRule, type RuleProgram } from './compile-rule.ts'
import { allRows } from './compile-selection.ts'
import { bareFrame, type Frame, MISSING, OUT_OF_SCOPE } from './frame.ts'
import { claimKeptIds, isClaimedByOther, type KeptClaims } from './kept-claims.ts'
import type { Machine } from './machine.ts'
import { createRecent } from './recent.ts'
import { RuleRun } from './rule-run.ts'
import { createTally, type RunTally } from './run-tally.ts'

/** Source rows in a batch of records. */
const BATCH_ROWS = 200
/** Rows that a lookup by key remembers at least: as many as a large district has sections. Twice as many are some 15 MB. */
const REMEMBERED_ROWS = 16_384

/** A run with access to single rows, for examples and explanations. */
export interface RowRun extends MappingRun {
  /** What the run works with, for explanations of single rows. */
  readonly machine: Machine
  /** The record of a row; undefined when it is left out (the report says why). With `one_per` that of its group. */
  recordOf(rule: string, staged: StagedRow): MappedRecord | undefined
  /** The id that the row has, or would have if it were published, and what `PublishedRecords.idOf` is asked for. */
  identityOf(rule: string, staged: StagedRow): RowIdentity
}

export interface RowIdentity {
  readonly sourcedId: string | undefined
  readonly rowKey: string | number | undefined
}

/** `from`: the state of a run of the same mapping with the same input, to go on with. */
export function startRun(checked: CheckedMapping, input: RunInput, from?: RunState): RowRun {
  const { tree } = checked
  const tally = createTally(tree.rules.keys(), from?.tally)
  const rules = new Map<string, RuleRun>()
  const ruleRun = (id: string) => {
    const found = rules.get(id)
    if (found === undefined) throw new Error(`no rule ${id}`)
    return found
  }
  const machine = createMachine(checked, input, tally, ruleRun)
  const programs = createPrograms(checked, machine)
  for (const id of tree.rules.keys()) {
    rules.set(id, new RuleRun(id, machine, programFor(id, programs), from?.decided[id]))
  }
  const running: Running = { programs, rules, machine, place: from?.place }
  return {
    machine,
    scope: (id) => publishedRows(id, running),
    records: (options = {}) => records(checked, running, options),
    report: tally.report,
    get place() {
      return running.place
    },
    state: () => ({
      place: running.place,
      tally: tally.state(),
      decided: Object.fromEntries([...rules].map(([id, { decided }]) => [id, decided])),
    }),
    recordOf: (id, staged) => {
      const rule = ruleRun(id)
      const frame = rule.frameOf(staged)
      const sourcedId = rule.isIn(frame) ? rule.sourcedIdOf(frame) : undefined
      return sourcedId === undefined ? undefined : rule.record(frame, sourcedId)
    },
    identityOf: (id, staged) => {
      const rule = ruleRun(id)
      const frame = rule.frameOf(staged)
      return { sourcedId: rule.sourcedIdOf(frame), rowKey: programs.get(id)?.keptId?.rowKey(frame) }
    },
  }
}

interface Running {
  readonly programs: Programs
  readonly rules: ReadonlyMap<string, RuleRun>
  readonly machine: Machine
  place: RunPlace | undefined
}

interface Programs {
  get(id: string): RuleProgram | undefined
}

/** A rule is compiled when it is asked for: an example needs few of them. */
function createPrograms({ tree }: CheckedMapping, machine: Machine): Programs {
  const compiled = new Map<string, RuleProgram>()
  return {
    get: (id) => {
      const rule = tree.rules.get(id)
      const program = compiled.get(id) ?? (rule && compileRule(rule, machine))
      if (program) compiled.set(id, program)
      return program
    },
  }
}

/** Rules refer to each other, so each one's program is asked for when the first row comes. */
function programFor(id: string, programs: Programs): () => RuleProgram {
  let program: RuleProgram | undefined
  return () => {
    program ??= programs.get(id)
    if (program === undefined) throw new Error(`no rule ${id}`)
    return program
  }
}

function createMachine(
  { tree, target, scopes, idPrefix = '' }: CheckedMapping,
  { rows, settings, today, published }: RunInput,
  tally: RunTally,
  rule: Machine['rule'],
): Machine {
  const defaults = Object.fromEntries([...tree.settings].map(([name, { value }]) => [name, value]))
  const finders = new Map<string, (key: string | number) => Frame>()
  const empty = new Map<string, boolean>()
  const isEmpty = (source: string) => {
    const known = empty.get(source)
    if (known !== undefined) return known
    const found = rows.batch(source, 0, 1).length === 0
    empty.set(source, found)
    return found
  }
  const findByKey = (name: string) => {
    const known = finders.get(name)
    if (known) return known
    const finder = createKeyFinder(name, { tree, rows, rule, isEmpty })
    finders.set(name, finder)
    return finder
  }
  const lookupCode = (name: string, code: Value): Value => {
    const table = tree.tables.get(name)
    const text = String(code)
    const found = table?.codes.get(text)
    if (found !== undefined || table === undefined) return found
    if (typeof table.otherwise === 'object') return table.otherwise.value
    if (table.otherwise === 'same') return text
    if (table.otherwise === 'error') tally.note('code-unknown')
    return undefined
  }
  return {
    tree,
    target,
    idPrefix,
    rows,
    published,
    // Settings are data of YAML or of the bridge's configuration: scalars and lists of them.
    settings: { ...defaults, ...settings } as Readonly<Record<string, Value>>,
    context: { today, lookupCode, report: tally.note },
    tally,
    rule,
    findByKey,
    isEmpty,
    cuts: scopes.cuts,
  }
}

type Finding = Pick<Machine, 'tree' | 'rows' | 'rule' | 'isEmpty'>

function createKeyFinder(name: string, { tree, rows, rule, isEmpty }: Finding) {
  const recent = createRecent<string | number, Frame>(REMEMBERED_ROWS)
  const through = tree.rules.get(name)
  const source = through ? through.from.text : name
  const run = through && rule(name)
  const read = (key: string | number): Frame => {
    const staged = rows.byKey(source, key)
    if (staged === undefined) return MISSING
    if (run === undefined) return bareFrame(staged)
    const frame = run.frameOf(staged)
    return run.isIn(frame) ? frame : OUT_OF_SCOPE
  }
  return (key: string | number): Frame => {
    if (isEmpty(source)) return MISSING
    const known = recent.get(key)
    if (known !== undefined) return known
    const found = read(key)
    recent.set(key, found)
    return found
  }
}

function* publishedRows(id: string, { rules, programs, machine }: Running): Generator<PublishedRow> {
  const rule = rules.get(id)
  const program = programs.get(id)
  if (rule === undefined || program === undefined) return
  for (const staged of allRows(program.source, machine)) {
    const frame = rule.frameOf(staged)
    if (frame.ordinal !== staged.ordinal || !rule.isIn(frame)) continue
    const sourcedId = rule.sourcedIdOf(frame)
    if (sourcedId !== undefined) yield { ordinal: staged.ordinal, row: staged.row, sourcedId }
  }
}

/** Collection by collection, in the order of the target: what others link to comes first. */
function* records(
  { tree, target }: CheckedMapping,
  running: Running,
  { collections: only, given = () => [] }: RecordsOptions,
): Generator<readonly MappedRecord[]> {
  const from = running.place
  const collections = new Map<string, string[]>(Object.keys(target).map((collection) => [collection, []]))
  for (const { id, collection } of tree.rules.values()) {
    collections.set(collection, [...(collections.get(collection) ?? []), id])
  }
  let isBefore = from !== undefined
  for (const [collection, names] of collections) {
    const isHere = collection === from?.collection
    if (isHere) isBefore = false
    if (isBefore || only?.has(collection) === false) continue
    const ids = {
      seen: new Set(isHere ? given(collection) : []),
      claims: yield* claimKeptIds(names, running, BATCH_ROWS),
    }
    const next = isHere ? names.indexOf(from.rule) : 0
    for (const name of names.slice(next)) {
      yield* ruleRecords(name, ids, running, isHere && name === from.rule ? from.after : 0)
    }
  }
}

/** The sourcedIds of a collection: those of its records so far, and those that belong to a row from before. */
interface CollectionIds {
  readonly seen: Set<string>
  readonly claims: KeptClaims
}

/** Of rows with one sourcedId all but one are left out: the one that had it before stays, else the first. */
function* ruleRecords(
  id: string,
  { seen, claims }: CollectionIds,
  running: Running,
  from: number,
): Generator<readonly MappedRecord[]> {
  const rule = running.rules.get(id)
  const program = running.programs.get(id)
  if (rule === undefined || program === undefined) return
  const { machine } = running
  let after = from
  let own: Frame | undefined
  for (;;) {
    const batch = machine.rows.batch(program.source, after, BATCH_ROWS)
    const last = batch[batch.length - 1]
    if (last === undefined) return
    after = last.ordinal
    rule.tally.read += batch.length
    const made: MappedRecord[] = []
    for (const staged of batch) {
      const frame = rule.frameIn(own, staged)
      own = frame
      if (frame.ordinal !== staged.ordinal || !rule.isIn(frame)) continue
      const sourcedId = rule.sourcedIdOf(frame)
      if (sourcedId === undefined) continue
      const known = seen.size
      if (!isClaimedByOther(claims, sourcedId, id, frame.ordinal)) seen.add(sourcedId)
      if (seen.size === known) {
        machine.tally.leaveOut(rule.tally, { code: 'id-repeated', field: 'id' }, rule.keyOf(frame))
      } else {
        rule.tally.published++
        made.push(rule.record(frame, sourcedId))
      }
    }
    running.place = { collection: program.collection, rule: id, after }
    yield made
  }
}
