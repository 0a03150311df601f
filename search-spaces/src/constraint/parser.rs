//! From words to a tree, by recursive descent: one function a level of precedence, as in Python's grammar.

use std::ops::Range;

use super::ConstraintError;
use super::lexer::{Token, tokens};

/// Deeper nesting is no constraint that anybody wrote by hand, and must not exhaust the stack.
const DEEPEST: usize = 64;

/// Longer chains of operators would do the same.
const LONGEST: usize = 2000;

/// A node of the tree with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) node: Node,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    Text(String),
    Truth(bool),
    Name(String),
    List(Vec<Expression>),
    Negative(Box<Expression>),
    Not(Box<Expression>),
    /// `and`, `or`.
    Logic(&'static str, Box<Expression>, Box<Expression>),
    /// `+`, `-`, `*`, `/`, `//`, `%`, `**`.
    Arithmetic(&'static str, Box<Expression>, Box<Expression>),
    /// `a < b <= c`: the first operand, then each operator with the next.
    Comparison(Box<Expression>, Vec<(&'static str, Expression)>),
    Call(&'static str, Vec<Expression>),
    /// `list[index]`.
    Item(Box<Expression>, Box<Expression>),
}

/// The functions there are.
pub(super) const FUNCTIONS: [&str; 5] = ["len", "sum", "min", "max", "abs"];

impl Expression {
    /// Calls `visit` with the name of each parameter, in the order they are written.
    pub(super) fn each_name(&self, visit: &mut impl FnMut(&String)) {
        match &self.node {
            Node::Number(_) | Node::Text(_) | Node::Truth(_) => {}
            Node::Name(name) => visit(name),
            Node::List(items) | Node::Call(_, items) => items.iter().for_each(|item| item.each_name(visit)),
            Node::Negative(inner) | Node::Not(inner) => inner.each_name(visit),
            Node::Logic(_, a, b) | Node::Arithmetic(_, a, b) | Node::Item(a, b) => {
                a.each_name(visit);
                b.each_name(visit);
            }
            Node::Comparison(first, rest) => {
                first.each_name(visit);
                rest.iter().for_each(|(_, next)| next.each_name(visit));
            }
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Expression, ConstraintError> {
    if text.len() > LONGEST {
        return Err(ConstraintError::new(format!("it is longer than {LONGEST} bytes"), 0..text.len()));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    if parser.peek() == &Token::End {
        return Err(ConstraintError::new("it is empty", 0..text.len()));
    }
    let whole = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(whole),
        _ => Err(parser.unexpected("an operator")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn place(&self) -> Range<usize> {
        self.tokens[self.next].1.clone()
    }

    /// Takes the next word where it is one of these.
    fn take(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let Token::Sign(found) = *self.peek() else { return None };
        let sign = signs.iter().find(|sign| **sign == found)?;
        self.next += 1;
        Some(sign)
    }

    fn unexpected(&self, expected: &str) -> ConstraintError {
        let found = match self.peek() {
            Token::End => "it ends".to_owned(),
            Token::Number(number) => format!("{number} stands"),
            Token::Text(text) => format!("'{text}' stands"),
            Token::Name(name) => format!("`{name}` stands"),
            Token::Sign(sign) => format!("`{sign}` stands"),
        };
        ConstraintError::new(format!("{found} where {expected} should be"), self.place())
    }

    fn expect(&mut self, sign: &'static str) -> Result<Range<usize>, ConstraintError> {
        let place = self.place();
        self.take(&[sign]).map(|_| place).ok_or_else(|| self.unexpected(&format!("`{sign}`")))
    }

    fn expression(&mut self) -> Result<Expression, ConstraintError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ConstraintError::new(format!("it nests deeper than {DEEPEST} levels"), self.place()));
        }
        let whole = self.logic("or");
        self.depth -= 1;
        whole
    }

    /// `or` binds weaker than `and`.
    fn logic(&mut self, word: &'static str) -> Result<Expression, ConstraintError> {
        let operand = |parser: &mut Parser| if word == "or" { parser.logic("and") } else { parser.negation() };
        let mut left = operand(self)?;
        while self.take(&[word]).is_some() {
            let right = operand(self)?;
            left = join(left, right, |a, b| Node::Logic(word, a, b));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, ConstraintError> {
        let start = self.place().start;
        let mut count = 0;
        while self.take(&["not"]).is_some() {
            count += 1;
        }
        let inner = self.comparison()?;
        // Two of them cancel out, but the operand must still be a truth.
        let kept = if count > 2 { 2 - count % 2 } else { count };
        Ok((0..kept).fold(inner, |inner, _| {
            let at = start..inner.at.end;
            Expression { node: Node::Not(Box::new(inner)), at }
        }))
    }

    fn comparison(&mut self) -> Result<Expression, ConstraintError> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.take(&["==", "!=", "<", "<=", ">", ">=", "in", "not"]) {
                None => break,
                Some("not") => {
                    self.expect("in")?;
                    "not in"
                }
                Some(operator) => operator,
            };
            rest.push((operator, self.sum()?));
        }
        let Some((_, last)) = rest.last() else { return Ok(first) };
        let at = first.at.start..last.at.end;
        Ok(Expression { node: Node::Comparison(Box::new(first), rest), at })
    }

    fn sum(&mut self) -> Result<Expression, ConstraintError> {
        let mut left = self.product()?;
        while let Some(operator) = self.take(&["+", "-"]) {
            let right = self.product()?;
            left = join(left, right, |a, b| Node::Arithmetic(operator, a, b));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expression, ConstraintError> {
        let mut left = self.sign()?;
        while let Some(operator) = self.take(&["*", "/", "//", "%"]) {
            let right = self.sign()?;
            left = join(left, right, |a, b| Node::Arithmetic(operator, a, b));
        }
        Ok(left)
    }

    fn sign(&mut self) -> Result<Expression, ConstraintError> {
        let start = self.place().start;
        let mut count = 0;
        while self.take(&["-"]).is_some() {
            count += 1;
        }
        let inner = self.power()?;
        let at = start..inner.at.end;
        Ok(if count % 2 == 0 { inner } else { Expression { node: Node::Negative(Box::new(inner)), at } })
    }

    /// `2 ** -1` is right, and `a ** b ** c` is `a ** (b ** c)`.
    fn power(&mut self) -> Result<Expression, ConstraintError> {
        let base = self.item()?;
        if self.take(&["**"]).is_none() {
            return Ok(base);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ConstraintError::new(format!("it nests deeper than {DEEPEST} levels"), self.place()));
        }
        let exponent = self.sign()?;
        self.depth -= 1;
        Ok(join(base, exponent, |a, b| Node::Arithmetic("**", a, b)))
    }

    fn item(&mut self) -> Result<Expression, ConstraintError> {
        let mut inner = self.atom()?;
        while self.take(&["["]).is_some() {
            let index = self.expression()?;
            let end = self.expect("]")?.end;
            let at = inner.at.start..end;
            inner = Expression { node: Node::Item(Box::new(inner), Box::new(index)), at };
        }
        Ok(inner)
    }

    fn atom(&mut self) -> Result<Expression, ConstraintError> {
        let at = self.place();
        let node = match self.peek().clone() {
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Sign("true") => Node::Truth(true),
            Token::Sign("false") => Node::Truth(false),
            Token::Name(name) => {
                self.next += 1;
                if self.peek() != &Token::Sign("(") {
                    return Ok(Expression { node: Node::Name(name), at });
                }
                let Some(function) = FUNCTIONS.iter().find(|function| **function == name) else {
                    let message = format!("there is no function `{name}`; there are {}", FUNCTIONS.join(", "));
                    return Err(ConstraintError::new(message, at));
                };
                self.next += 1;
                let (arguments, end) = self.items(")")?;
                return Ok(Expression { node: Node::Call(function, arguments), at: at.start..end });
            }
            Token::Sign("(") => {
                self.next += 1;
                let mut inner = self.expression()?;
                inner.at = at.start..self.expect(")")?.end;
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.next += 1;
                let (items, end) = self.items("]")?;
                return Ok(Expression { node: Node::List(items), at: at.start..end });
            }
            Token::Sign(_) | Token::End => return Err(self.unexpected("a parameter or a value")),
        };
        self.next += 1;
        Ok(Expression { node, at })
    }

    /// Expressions between commas up to the closing bracket, and where that ends.
    fn items(&mut self, close: &'static str) -> Result<(Vec<Expression>, usize), ConstraintError> {
        let mut items = Vec::new();
        while self.peek() != &Token::Sign(close) {
            items.push(self.expression()?);
            if self.take(&[","]).is_none() {
                break;
            }
        }
        Ok((items, self.expect(close)?.end))
    }
}

fn join(
    left: Expression,
    right: Expression,
    node: impl FnOnce(Box<Expression>, Box<Expression>) -> Node,
) -> Expression {
    let at = left.at.start..right.at.end;
    Expression { node: node(Box::new(left), Box::new(right)), at }
}
