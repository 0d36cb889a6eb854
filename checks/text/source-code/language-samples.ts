import type { LANGUAGE_IDS } from './languages.ts';
import { PYTHON_MODULE, STACK_TRACE, TYPESCRIPT_MODULE } from './samples.ts';

/** One made-up piece of each language. */
export const LANGUAGE_SAMPLES: Readonly<Record<(typeof LANGUAGE_IDS)[number], string>> = {
  python: PYTHON_MODULE,
  typescript: TYPESCRIPT_MODULE,
  'stack-trace': STACK_TRACE,
  diff: `diff --git a/ledger.js b/ledger.js
index 1a2b3c4..5d6e7f8 100644
--- a/ledger.js
+++ b/ledger.js
@@ -10,4 +10,6 @@
-  total += row.amount;
+  if (row.open) {
+    total += row.amount;
+  }`,
  sql: `CREATE TABLE ledger (
  id BIGSERIAL NOT NULL,
  account VARCHAR(40) NOT NULL,
  amount NUMERIC(12, 2),
  PRIMARY KEY (id)
);
INSERT INTO ledger (account, amount)
SELECT account, sum(amount)
FROM old_ledger
WHERE amount > 0
GROUP BY account;`,
  rust: `use std::collections::HashMap;

pub struct Ledger {
    rows: HashMap<String, i64>,
}

impl Ledger {
    pub fn total(&self, account: &str) -> i64 {
        let mut sum = 0;
        match self.rows.get(account) {
            Some(amount) => sum += amount,
            None => println!("nothing"),
        }
        sum
    }
}`,
  go: `package ledger

import (
	"fmt"
)

type Row struct {
	Account string
	Amount  int64
}

func Total(rows []Row, account string) (int64, error) {
	sum := int64(0)
	for _, row := range rows {
		if err := row.Check(); err != nil {
			return 0, fmt.Errorf("row: %w", err)
		}
		sum += row.Amount
	}
	return sum, nil
}`,
  kotlin: `data class Row(val account: String, val amount: Long)

class Ledger(private val rows: List<Row>) {
    fun total(account: String): Long {
        val matching = rows.filter { it.account == account }
        var sum = 0L
        for (row in matching) {
            sum += row.amount
        }
        return sum
    }
}`,
  swift: `import Foundation

protocol Summing {
    func total(_ account: String) -> Int
}

extension Ledger: Summing {
    func total(_ account: String) -> Int {
        guard let rows = store[account] else {
            return 0
        }
        return rows.reduce(0, +)
    }
}`,
  csharp: `using System.Linq;
namespace Acme.Ledger;

public sealed class Ledger
{
    private readonly List<Row> rows = new();

    public async Task<decimal> TotalAsync(string account)
    {
        var rows = await store.ReadAsync(account);
        return rows.Sum(row => row.Amount);
    }
}`,
  java: `package org.example.ledger;

import java.util.List;

public class Ledger {
    private final List<Row> rows;

    @Override
    public long total(String account) {
        long sum = 0;
        for (Row row : rows) {
            sum += row.amount();
        }
        return sum;
    }
}`,
  ruby: `require 'json'

class Ledger
  attr_reader :rows

  def initialize(path)
    @rows = File.readlines(path)
  end

  def total(account)
    rows.select do |row|
      row.account == account
    end
  end
end`,
  php: `<?php
namespace Acme\\Ledger;

class Ledger {
    private $rows = [];

    public function total($account) {
        $sum = 0;
        foreach ($this->rows as $row) {
            $sum += $row->amount;
        }
        return $sum;
    }
}`,
  cpp: `#include <vector>
#include "row.h"

using namespace ledger;

long total(const std::vector<Row>& rows, int account) {
  long sum = 0;
  for (const auto& row : rows) {
    if (row.account == account) sum += row.amount;
  }
  return sum;
}`,
  scala: `import scala.io.Source

case class Row(account: String, amount: Long)

object Ledger {
  def total(rows: List[Row], account: String): Long = {
    val matching = rows.filter(_.account == account)
    matching.map(_.amount).sum
  }
  def main(args: Array[String]): Unit = {
    println(total(Nil, "ops"))
  }
}`,
  shell: `#!/bin/bash
set -euo pipefail
LEDGER_DIR=/var/lib/ledger
mkdir -p "$LEDGER_DIR"
for file in *.csv; do
  if [[ -s "$file" ]]; then
    echo "$file"
    curl -sf "https://ledger.example.org" -d "@$file"
  fi
done`,
  terraform: `terraform {
  required_version = "1.9"
}
variable "region" {
  default = "eu"
}
resource "aws_s3_bucket" "ledger" {
  bucket = "acme-ledger"
}
output "arn" {
  value = aws_s3_bucket.ledger.arn
}`,
  markup: `<!DOCTYPE html>
<html>
  <head>
    <title>Ledger</title>
  </head>
  <body>
    <div class="total">
      <span id="sum"></span>
    </div>
  </body>
</html>`,
  assembly: `.section .text
.globl total
total:
    push rbp
    mov rbp, rsp
    xor eax, eax
loop:
    add rax, [rdi]
    cmp rdi, rsi
    jne loop
    pop rbp
    ret`,
};

/** Text that is not code though parts of it look like it. */
export const PROSE_SAMPLES: Readonly<Record<string, string>> = {
  'a letter': `Dear Mr. Smith,

thank you for your letter of 3 March; we were glad to hear from you.
We will send the parts on Monday.

Kind regards,
Anna`,
  'a poem': `The road was long;
the night was cold;
the story, though, was never told;
and so we sat (as people do)
and waited till the light came through.`,
  'a list': `Shopping for the weekend:
- bread
- cheese (not too old)
- 12 eggs
- apples, pears
- something for Tom`,
  minutes: `Present: Anna, Tom, Li
Absent: Sam
1. Budget
Anna explains the figures.
2. Next steps
Tom writes to the vendor.
Next meeting: Friday, 10:00`,
  'an outline': `# Plan
## Goals
Learn to swim.
## Steps
1. Find a pool
2. Find a teacher
3. Practise
> Every day counts`,
  'a recipe': `Ingredients:
200 g flour
2 eggs
1 pinch of salt
Mix everything, let it rest; then bake at 180 degrees.
Serves: 4`,
};
