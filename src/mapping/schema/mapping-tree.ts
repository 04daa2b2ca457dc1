// A mapping as written, in the language's own terms: shape is right, names and types are not looked at yet.
import type { Place } from '../diagnostic.ts'
import type { MapNode, Node, ScalarNode } from '../files/tree.ts'
import type { Expression } from '../formula/expression.ts'
import type { RowShape } from '../shape.ts'

export interface MappingTree {
  readonly settings: ReadonlyMap<string, SettingTree>
  readonly sources: ReadonlyMap<string, SourceTree>
  readonly tables: ReadonlyMap<string, TableTree>
  /** In file order; disabled rules are not here. */
  readonly rules: ReadonlyMap<string, RuleTree>
  /** Rules with `enabled: false`. */
  readonly off: ReadonlySet<string>
  /** `entities.users.student`: every key that was met, so that a broken or disabled thing is not called unknown. */
  readonly seen: ReadonlyMap<string, Place>
  /** What layers take away, and where: `sources.students.fields.phones` by `null`, `entities.users.teacher` also when it is off. */
  readonly removed: ReadonlyMap<string, Place>
}

export interface SettingTree {
  readonly key: ScalarNode
  readonly value: unknown
  /** Of the value, of a list of its first member. */
  readonly place: Place
  /** The layer that gives the value, and those above it: the formulas of all other files are below it. */
  readonly over?: readonly string[]
  /** What it can be, or what the members of its list can be, where it says so. */
  readonly oneOf?: readonly (string | number | boolean)[]
}

export interface SourceTree {
  readonly name: string
  readonly place: Place
  readonly key: ScalarNode
  readonly shape: RowShape
  readonly rest?: RestTree
  readonly powerquery?: PowerqueryTree
  /** `settings.include_contacts`: it is read only where this setting is true. */
  readonly when?: ScalarNode
}

export interface RestTree {
  readonly place: Place
  readonly get: ScalarNode
  readonly q?: ScalarNode
  readonly expand: readonly string[]
  readonly extend: readonly string[]
  readonly rows: string
}

export interface PowerqueryTree {
  readonly place: Place
  readonly core: ScalarNode
  readonly sql: ScalarNode
  readonly args: readonly ArgumentTree[]
  /** In the order of the select list. */
  readonly columns: readonly ColumnTree[]
  readonly within?: { readonly path: ScalarNode; readonly parent: ScalarNode }
  readonly changed?: ScalarNode
  readonly extend: readonly ExtensionTree[]
}

export interface ArgumentTree {
  readonly key: ScalarNode
  /** `settings.start_year` */
  readonly is: ScalarNode
  /** `TERMS.YEARID` */
  readonly column: ScalarNode
}

export interface ColumnTree {
  /** `name.first_name` */
  readonly path: ScalarNode
  /** `STUDENTS.FIRST_NAME` */
  readonly column: ScalarNode
}

/** An extension table, joined one to one by its column to a delivered one. */
export interface ExtensionTree {
  readonly table: ScalarNode
  readonly column: ScalarNode
  readonly to: ScalarNode
}

export interface TableTree {
  readonly place: Place
  readonly codes: ReadonlyMap<string, string>
  /** Where each code stands, and `otherwise` under that name. */
  readonly places: ReadonlyMap<string, Place>
  /** What an unlisted code becomes: reported and blank, blank, itself, or `value`. */
  readonly otherwise: 'error' | 'blank' | 'same' | { readonly value: string }
}

export interface RuleTree {
  /** `users.student` */
  readonly id: string
  readonly collection: string
  readonly name: string
  readonly key: ScalarNode
  readonly collectionKey: ScalarNode
  readonly from: ScalarNode
  readonly onePer?: FormulaTree
  readonly order?: FormulaTree
  readonly where: readonly FormulaTree[]
  readonly lookups: readonly LookupTree[]
  readonly sourcedId: ValueTree
  readonly fields: readonly FieldTree[]
  readonly metadata: readonly FieldTree[]
  /** Fields that keep their first published value, and the word `id`. Absent when there are none. */
  readonly createOnly?: readonly ScalarNode[]
  readonly examples: readonly ExampleTree[]
}

export interface FieldTree {
  readonly name: string
  readonly key: ScalarNode
  readonly value: ValueTree
}

/** Which rows of a source or a rule: by key, or by columns; then narrowed and put in order. */
export interface Selection {
  readonly target: ScalarNode
  readonly key?: ValueTree
  readonly match?: readonly FieldTree[]
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
  readonly take?: 'first' | 'last'
}

export interface LookupTree {
  readonly name: string
  readonly key: ScalarNode
  /** One row (`in`) or a list (`all`); `list` is the list that a formula gives. */
  readonly many: boolean
  readonly from:
    | { readonly kind: 'rows'; readonly selection: Selection }
    | {
        readonly kind: 'list'
        readonly list: FormulaTree
        readonly where: readonly FormulaTree[]
        readonly order?: FormulaTree
        readonly take?: 'first' | 'last'
      }
    /** It has a diagnostic already. */
    | { readonly kind: 'broken' }
  readonly missing: 'skip' | 'blank'
}

export interface FormulaTree {
  readonly kind: 'formula'
  readonly node: ScalarNode
  readonly expression: Expression
}

export interface ConstantTree {
  readonly kind: 'constant'
  readonly node: ScalarNode
  readonly value: string | number | boolean
}

export interface ReferenceTree {
  readonly kind: 'ref'
  readonly place: Place
  readonly many: boolean
  readonly selection: Selection
}

export interface InverseTree {
  readonly kind: 'inverse'
  readonly place: Place
  /** `academicSessions.term.parent`, one or several. */
  readonly fields: readonly ScalarNode[]
  readonly where: readonly FormulaTree[]
  readonly order?: FormulaTree
}

interface EachTree {
  readonly kind: 'each'
  readonly place: Place
  readonly list: FormulaTree
  readonly as: ScalarNode
  readonly where: readonly FormulaTree[]
  readonly value: ValueTree
}

interface ChooseTree {
  readonly kind: 'choose'
  readonly place: Place
  readonly cases: readonly { readonly when: FormulaTree; readonly value: ValueTree }[]
  readonly otherwise?: ValueTree
}

export type ValueTree =
  | FormulaTree
  | ConstantTree
  | ReferenceTree
  | InverseTree
  | EachTree
  | ChooseTree
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly ValueTree[] }
  | { readonly kind: 'group'; readonly place: Place; readonly members: readonly FieldTree[] }
  /** It has a diagnostic already; it fits everywhere. */
  | { readonly kind: 'broken'; readonly place: Place }

export interface ExampleTree {
  readonly it: string
  readonly place: Place
  readonly row: MapNode
  /** Rows by source. */
  readonly given: ReadonlyMap<string, { readonly key: ScalarNode; readonly rows: Node }>
  readonly settings?: MapNode
  readonly today?: ScalarNode
  /** The fields of the record that was published before, and its `id`. */
  readonly published?: MapNode
  readonly gives: MapNode | 'nothing'
}
