// Reads settings: a value alone, or a map that says the value and which ones it can have.

import { describeWord, hintFor, type SettingWord, strangeWords } from '../check/setting-words.ts'
import type { Report } from '../diagnostic.ts'
import { type MapEntry, type MapNode, type Node, type ScalarNode, typedData } from '../files/tree.ts'
import { isKeyOf } from './grammar.ts'
import type { SettingTree } from './mapping-tree.ts'
import { isFormula, needKey, readKeys } from './schema-reader.ts'
import { checkName } from './schema-source.ts'

export function readSetting({ key, value }: MapEntry, report: Report): SettingTree | undefined {
  if (!checkName(key, 'a setting', report)) return undefined
  if (value.kind === 'map') return readDeclaredSetting(key, value, report)
  return isData(value, report) ? { key, value: dataOf(value), place: placeOf(value) } : undefined
}

function readDeclaredSetting(key: ScalarNode, node: MapNode, report: Report): SettingTree | undefined {
  if (!node.entries.some(({ name }) => isKeyOf('setting', name))) {
    report(node.place, 'shape', SHAPE)
    return undefined
  }
  const keys = readKeys(node, 'setting', report)
  const is = needKey(keys, 'is', key.place, report)
  const oneOf = readOneOf(keys.get('one_of')?.value, report)
  if (is === undefined || !isData(is, report)) return undefined
  const setting: SettingTree = { key, value: dataOf(is), place: placeOf(is), ...(oneOf && { oneOf }) }
  for (const member of is.kind === 'list' ? is.items : [is]) {
    for (const word of strangeWords(setting, dataOf(member))) {
      const message = `\`settings.${key.text}\` can't be ${describeWord(word)}.${hintFor(word, setting)}`
      report(member.place, 'value', message)
    }
  }
  return setting
}

function readOneOf(node: Node | undefined, report: Report): SettingWord[] | undefined {
  if (node === undefined) return undefined
  const items = node.kind === 'list' ? node.items : []
  if (items.length === 0) report(node.place, 'shape', '`one_of` is a list of the values that the setting can have')
  const words: SettingWord[] = []
  for (const item of items) {
    const word = item.kind === 'scalar' && !isFormula(item) ? dataOf(item) : null
    if (typeof word !== 'string' && typeof word !== 'number' && typeof word !== 'boolean') {
      report(item.place, 'shape', '`one_of` lists plain texts, or numbers')
    } else if (words.includes(word)) report(item.place, 'value', `\`one_of\` has ${describeWord(word)} already`)
    else if (words.length > 0 && typeof word !== typeof words[0]) {
      const message = `\`one_of\` holds one type: this is a ${typeof word}, before it ${describeWord(words[0])}. Put texts in quotes.`
      report(item.place, 'type', message)
    } else words.push(word)
  }
  return words.length > 0 ? words : undefined
}

const SHAPE = 'a setting is text, a number, true, false, a list of them, or a map with `is`'

function isData(node: Node, report: Report): boolean {
  const strange = (node.kind === 'list' ? node.items : [node]).find((one) => one.kind !== 'scalar' || isFormula(one))
  if (strange) report(strange.place, 'shape', `${SHAPE}, not a ${strange.kind === 'scalar' ? 'formula' : strange.kind}`)
  return strange === undefined
}

const placeOf = (node: Node) => (node.kind === 'list' ? (node.items[0] ?? node) : node).place

const dataOf = (node: Node): unknown => (node.kind === 'scalar' && node.quoted ? node.text : typedData(node))
