// The JSON Schema for editors: it takes what the checker takes, and refuses the slips that need no more than the file itself.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { checkMapping } from '../../src/mapping/check/check.ts'
import { mappingSchema } from '../../src/mapping/editor/json-schema.ts'
import { settingDocs } from '../../src/mapping/editor/setting-docs.ts'
import { GRAMMAR, type KindName } from '../../src/mapping/schema/grammar.ts'
import { readLayers, readMappingFiles } from '../../src/node/mapping-files.ts'
import { TARGET_MODEL } from '../../src/oneroster/target-model.ts'
import { CASES } from './diagnostic-cases.ts'
import { FORMS, LAYER_FORMS } from './every-form.ts'
import { type Data, KEYS, mutate, partsOf, randomNumbers } from './mutate-data.ts'
import { BASE, check, MODEL } from './support.ts'

// `strictRequired` wants every key of a `required` listed beside it; strict JSON numbers have no `.inf`, which YAML has.
const ajv = new Ajv({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  strictNumbers: false,
  allowUnionTypes: true,
})
const shippedSchema = mappingSchema(TARGET_MODEL, settingDocs(readMappingFiles()))
const takesOneRoster = ajv.compile(shippedSchema)
const takes = ajv.compile(mappingSchema(MODEL))

const isTaken = (text: string) => takes(parse(text))
const MAPPINGS = fileURLToPath(new URL('../../mappings/', import.meta.url))
const layers = readdirSync(join(MAPPINGS, 'districts')).map((name) => `mappings/districts/${name}`)

describe('the schema for editors', () => {
  it('is shipped as it is made', () => {
    const shipped = readFileSync(join(MAPPINGS, 'mapping.schema.json'), 'utf8')
    const made = `${JSON.stringify(shippedSchema, null, 1)}\n`
    expect(shipped === made, 'Run `npm run bridge -- mapping schema --out mappings/mapping.schema.json`.').toBe(true)
  })

  it.each(readMappingFiles().map(({ path, text }) => [path, text]))('takes the shipped %s', (_path, text) => {
    takesOneRoster(parse(text))
    expect(takesOneRoster.errors ?? []).toEqual([])
  })

  it.each(layers)('takes the layer %s', (path) => {
    const [layer] = readLayers(path).layers
    takesOneRoster(parse(layer?.text ?? ''))
    expect(takesOneRoster.errors ?? []).toEqual([])
  })

  it.each([...readMappingFiles().map(({ path }) => path), ...layers])('is named in the first line of %s', (path) => {
    const file = join(MAPPINGS, '..', path)
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8')) ?? []
    expect(join(dirname(file), schema)).toBe(join(MAPPINGS, 'mapping.schema.json'))
  })

  it('offers the tokens of a vocabulary, the fields of a collection and what each key is', () => {
    const { definitions } = shippedSchema as { definitions: Record<string, Record<string, unknown>> }
    const text = JSON.stringify(definitions)
    expect(JSON.stringify(definitions['users.role'])).toContain('"proctor"')
    expect(JSON.stringify(shippedSchema)).toContain('"enum":["login_or_number","login",')
    expect(text).toContain('`users.username`: text, required')
    expect(text).toContain('`users.agents`: a list, each reference to users')
    expect(definitions.formula?.description).toContain('- `pad(value, width, fill?)` ')
    for (const kind of Object.keys(GRAMMAR) as KindName[]) {
      for (const { doc } of Object.values(GRAMMAR[kind].keys)) {
        if (kind === 'file') expect(JSON.stringify(shippedSchema)).toContain(JSON.stringify(doc))
        else expect(text).toContain(JSON.stringify(doc))
      }
    }
  })
})

/** Faults of the kind `key` or `shape` that need more than the file and the grammar: what a formula says, or other layers. */
const UNKNOWABLE = new Set([
  'a rule without a source',
  'one_per of something computed',
  'order without one_per',
  'unknown names in an example',
  'an empty code table',
])

describe('a slip that the checker tells by its shape', () => {
  const slips = CASES.filter(
    ([name, , told]) => told.some((line) => /: (?:key|shape): /.test(line)) && !UNKNOWABLE.has(name),
  )

  it.each(slips.map(([name, text]) => [name, text]))('is refused by the schema, too: %s', (_name, text) => {
    expect(isTaken(text)).toBe(false)
  })

  it.each([
    ['a field', 'extends: default\nentities: { users: { student: { fields: { rol: null } } } }'],
    ['a key of a source', 'extends: default\nsources: { students: { feilds: {} } }'],
    [
      'a key of a lookup',
      'extends: default\nentities: { users: { student: { with: { a: { in: x, key: =id, mising: blank } } } } }',
    ],
    ['a word of a lookup', 'extends: default\nentities: { users: { student: { with: { a: { missing: blnk } } } } }'],
    ['a section', 'extends: default\nsettigns: {}'],
    ['a token', 'extends: default\nentities: { users: { student: { fields: { role: pupil } } } }'],
    [
      'a token in a case',
      'extends: default\nentities: { users: { student: { fields: { role: { choose: [{ else: pupil }] } } } } }',
    ],
    ['a type of a column', 'extends: default\nsources: { students: { fields: { a: { b: int } } } }'],
    ['a list column of two types', 'extends: default\nsources: { students: { fields: { a: [text, text] } } }'],
    ['a list for one value', 'extends: default\nentities: { users: { student: { fields: { score: [1] } } } }'],
    ['a word for a switch', 'extends: default\nentities: { users: { student: { enabled: "no" } } }'],
    ['a map for a setting', 'extends: default\nsettings: { a: { b: c } }'],
    [
      'a member of a group',
      'extends: default\nentities: { users: { student: { fields: { userIds: [{ typ: x }] } } } }',
    ],
    [
      'an example without its row',
      'extends: default\nentities: { users: { student: { examples: [{ it: works, gives: nothing }] } } }',
    ],
  ])('is refused in a layer: %s', (_name, text) => {
    expect(isTaken(text)).toBe(false)
  })
})

describe('what the checker takes', () => {
  const files = [BASE, FORMS].map((text, index) => ({ path: `${index}.yaml`, text }))
  const trees = { base: parse(BASE) as Data, forms: parse(FORMS) as Data, layer: parse(LAYER_FORMS) as Data }
  const pool = Object.values(trees).flatMap((tree) => partsOf(tree))

  it('is a mapping of every form, to begin with', () => {
    const layers = [{ path: 'layer.yaml', text: LAYER_FORMS }]
    expect(check(BASE, FORMS).diagnostics).toEqual([])
    expect(checkMapping(files, MODEL, layers).diagnostics).toEqual([])
    const used = new Set(pool.map(({ key }) => key))
    expect(KEYS.filter((key) => !used.has(key))).toEqual([])
  })

  it.each([1, 2, 3, 4])('the schema takes, whatever is changed in it (%i)', (seed) => {
    const random = randomNumbers(seed)
    let accepted = 0
    for (let round = 0; round < ROUNDS; round++) {
      const isLayer = round % 2 === 0
      let data = isLayer ? trees.layer : trees.forms
      for (let times = random(3); times >= 0; times--) data = mutate(data, pool, random)
      // Who follows `extends` reads it before the checker does.
      const text = stringify(isLayer && isMap(data) ? { ...data, extends: 'default' } : data)
      const changed = { path: 'changed.yaml', text }
      const { diagnostics } = isLayer
        ? checkMapping(files, MODEL, [changed])
        : checkMapping([files[0] ?? changed, changed], MODEL)
      if (diagnostics.length > 0 || (isLayer && writesIntoOff(data))) continue
      accepted++
      if (!isTaken(text))
        expect.fail(
          `refused, though it has no mistake:\n${text}\n${JSON.stringify(takes.errors?.slice(0, 3), null, 1)}`,
        )
    }
    // Else the mutations try nothing.
    expect(accepted).toBeGreaterThan(ROUNDS / 50)
  })
})

const ROUNDS = 400

const isMap = (data: Data): data is { [key: string]: Data } =>
  typeof data === 'object' && data !== null && !Array.isArray(data)

/** What a layer says of a rule that is switched off below it, the checker does not read, and the schema does. */
const writesIntoOff = (data: Data) => partsOf(data).some(({ key, data: part }) => key === 'off' && isMap(part))
