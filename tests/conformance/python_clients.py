"""Drives the unmodified Python SDKs of OpenAI and Anthropic through a gateway.

Reads one JSON object from standard input: {"url", "key", "cases": [{"api", "streamed", "turn"}, ...]}.
Writes one JSON line per case: {"said": {"text", "call"}} or {"raised": {"name", "status", "code", "message"}}.
"""

import json
import sys

import anthropic
import openai

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}


def parsed(arguments):
    return json.loads(arguments) if arguments else None


def chat(clients, turn, streamed):
    messages = []
    if "system" in turn:
        messages.append({"role": "system", "content": turn["system"]})
    messages.append({"role": "user", "content": turn["user"]})
    if "toolResult" in turn:
        call = {"id": "t1", "type": "function", "function": {"name": "lookup", "arguments": '{"q":"x"}'}}
        messages.append({"role": "assistant", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": "t1", "content": turn["toolResult"]})
    request = {"model": "m", "messages": messages}
    if turn.get("tools"):
        request["tools"] = [{"type": "function", "function": {"name": "lookup", "parameters": SCHEMA}}]
    create = clients["openai"].chat.completions.create
    if not streamed:
        message = create(**request).choices[0].message
        calls = message.tool_calls
        return message.content or "", parsed(calls[0].function.arguments) if calls else None
    text, arguments = "", ""
    for chunk in create(**request, stream=True):
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        text += delta.content or ""
        if delta.tool_calls:
            arguments += delta.tool_calls[0].function.arguments or ""
    return text, parsed(arguments)


def of_response(response):
    call = None
    for item in response.output:
        if item.type == "function_call":
            call = parsed(item.arguments)
    return response.output_text, call


def responses(clients, turn, streamed):
    items = [{"role": "user", "content": turn["user"]}]
    if "toolResult" in turn:
        items.append({"type": "function_call", "call_id": "t1", "name": "lookup", "arguments": '{"q":"x"}'})
        items.append({"type": "function_call_output", "call_id": "t1", "output": turn["toolResult"]})
    request = {"model": "m", "input": items}
    if "system" in turn:
        request["instructions"] = turn["system"]
    if turn.get("tools"):
        request["tools"] = [{"type": "function", "name": "lookup", "parameters": SCHEMA, "strict": False}]
    create = clients["openai"].responses.create
    if not streamed:
        return of_response(create(**request))
    text, last = "", None
    for event in create(**request, stream=True):
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "response.completed":
            last = event.response
    if last is None:
        raise RuntimeError("the stream did not complete")
    said, call = of_response(last)
    if said != text:
        raise RuntimeError("deltas differ from the whole")
    return said, call


def messages(clients, turn, streamed):
    turns = [{"role": "user", "content": turn["user"]}]
    if "toolResult" in turn:
        use = {"type": "tool_use", "id": "t1", "name": "lookup", "input": {"q": "x"}}
        result = {"type": "tool_result", "tool_use_id": "t1", "content": turn["toolResult"]}
        turns += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    request = {"model": "m", "max_tokens": 100, "messages": turns}
    if "system" in turn:
        request["system"] = turn["system"]
    if turn.get("tools"):
        request["tools"] = [{"name": "lookup", "input_schema": SCHEMA}]
    client = clients["anthropic"]
    if streamed:
        with client.messages.stream(**request) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(**request)
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [block.input for block in message.content if block.type == "tool_use"]
    return text, calls[0] if calls else None


def completions(clients, turn, streamed):
    request = {"model": "m", "prompt": turn["user"]}
    create = clients["openai"].completions.create
    if not streamed:
        return create(**request).choices[0].text, None
    return "".join(chunk.choices[0].text for chunk in create(**request, stream=True) if chunk.choices), None


APIS = {"chat.completions": chat, "responses": responses, "messages": messages, "completions": completions}


def code_of(error):
    code = getattr(error, "code", None)
    if code is None and isinstance(getattr(error, "body", None), dict):
        inner = error.body.get("error", error.body)
        code = inner.get("code") if isinstance(inner, dict) else None
    return code


def run(clients, case):
    try:
        text, call = APIS[case["api"]](clients, case["turn"], case["streamed"])
        return {"said": {"text": text, "call": call}}
    except Exception as error:  # every error is a result here: the caller compares it
        return {
            "raised": {
                "name": type(error).__name__,
                "status": getattr(error, "status_code", None),
                "code": code_of(error),
                "message": str(error),
            }
        }


def main():
    plan = json.load(sys.stdin)
    clients = {
        "openai": openai.OpenAI(api_key=plan["key"], base_url=plan["url"] + "/v1", max_retries=0, timeout=5),
        "anthropic": anthropic.Anthropic(api_key=plan["key"], base_url=plan["url"], max_retries=0, timeout=5),
    }
    for case in plan["cases"]:
        print(json.dumps(run(clients, case)), flush=True)


if __name__ == "__main__":
    main()
