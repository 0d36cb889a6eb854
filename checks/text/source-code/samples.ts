/** Made-up code and prose that the check carries as samples. */
export const PYTHON_MODULE = `import json
from pathlib import Path


class Ledger:
    def __init__(self, path):
        self.path = Path(path)
        self.rows = []

    def load(self):
        with self.path.open() as handle:
            for line in handle:
                self.rows.append(json.loads(line))
        return self

    def total(self, account):
        return sum(row["amount"] for row in self.rows if row["account"] == account)


if __name__ == "__main__":
    print(Ledger("ledger.jsonl").load().total("ops"))`;

export const TYPESCRIPT_MODULE = `import { readFile } from 'node:fs/promises';

interface Row {
  account: string;
  amount: number;
}

export async function total(path: string, account: string): Promise<number> {
  const lines = (await readFile(path, 'utf8')).split('\\n');
  let sum = 0;
  for (const line of lines) {
    if (line === '') continue;
    const row: Row = JSON.parse(line);
    if (row.account === account) sum += row.amount;
  }
  return sum;
}`;

export const STACK_TRACE = `Exception in thread "main" java.lang.IllegalStateException: ledger is closed
    at org.example.ledger.Store.write(Store.java:88)
    at org.example.ledger.Store.append(Store.java:61)
    at org.example.ledger.Service.post(Service.java:140)
    at org.example.ledger.Service.postAll(Service.java:121)
    at org.example.web.Handler.handle(Handler.java:52)
    at org.example.web.Router.dispatch(Router.java:210)
    at org.example.web.Server.serve(Server.java:77)
    at java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.io.IOException: no space left on device
    at java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
    ... 12 more`;

export const SHORT_SNIPPET = `How do I reverse a list in Python? I tried

numbers = [1, 2, 3]
numbers.reverse()
print(numbers)

but it prints None in my notebook.`;

export const PROSE_WITH_CODE_WORDS = `Let me explain what I would like to have.
If you call total() with an account, it should return the sum.
For each row we add the amount, while ignoring empty lines.
Please import the data from the old system first.
Class sizes in the school have grown; the public is worried.
From there we can select the best option and update the plan.
Return the form to the office, then switch to the new one.
Try to keep the answer short.
Use a table if that helps.
This is not code at all, it only talks about code.
Thanks!`;
