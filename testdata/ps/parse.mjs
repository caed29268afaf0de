// Parses PowerShell and says what stands in it; what may stand there is judged by
// who asks. In: [{name, text}]. Out: one object a text, see below.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Language, Parser } from 'web-tree-sitter'

await Parser.init()
const grammar = new URL('node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm', import.meta.url)
const parser = new Parser()
parser.setLanguage(await Language.load(fileURLToPath(grammar)))

const line = (node) => node.startPosition.row + 1
const child = (node, type) => node.children.find((c) => c.type === type)

// command is what a command says: its name (empty where an expression stands in
// its place), the operator it is called with, its parameters with the text that
// follows each, and the other elements.
function command(node) {
  const out = { line: line(node), name: child(node, 'command_name')?.text ?? '', operator: '', expression: '', parameters: [], elements: [] }
  out.operator = child(node, 'command_invokation_operator')?.text ?? ''
  out.expression = child(node, 'command_name_expr')?.text ?? ''
  let last
  for (const e of child(node, 'command_elements')?.children ?? []) {
    if (e.type === 'command_argument_sep') continue
    if (e.type === 'command_parameter') {
      last = { name: e.text, value: '' }
      out.parameters.push(last)
    } else if (last && last.value === '') {
      last.value = e.text
    } else {
      out.elements.push(e.text)
    }
  }
  return out
}

// call is a method call: Type::Member for a static one, .Member for any other. The
// name of a member that is computed is its expression.
function call(node) {
  const type = child(node, 'type_literal')
  const member = child(node, 'member_name')
  return { line: line(node), name: (type ? type.text.slice(1, -1) + '::' : '.') + (member?.text ?? node.text) }
}

function visit(node, out) {
  if (node.isError || node.isMissing) out.errors.push({ line: line(node), name: node.isMissing ? 'missing ' + node.type : node.text.slice(0, 60) })
  switch (node.type) {
    case 'command': out.commands.push(command(node)); break
    case 'invokation_expression': out.calls.push(call(node)); break
    case 'function_name': out.functions.push({ line: line(node), name: node.text }); break
    case 'type_literal': out.types.push({ line: line(node), name: node.text.slice(1, -1) }); break
    case 'variable': if (node.text.includes(':')) out.drives.push({ line: line(node), name: node.text }); break
    case 'file_redirection_operator': out.redirections.push({ line: line(node), name: node.text }); break
  }
  for (const c of node.children) visit(c, out)
}

const asked = JSON.parse(readFileSync(0, 'utf8'))
const told = asked.map(({ name, text }) => {
  const out = { name, errors: [], commands: [], calls: [], functions: [], types: [], drives: [], redirections: [] }
  visit(parser.parse(text).rootNode, out)
  return out
})
process.stdout.write(JSON.stringify(told), () => process.exit(0))
