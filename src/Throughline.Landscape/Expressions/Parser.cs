namespace Throughline.Landscape.Expressions;

/// <summary>Makes the tree. Binary operators by precedence climbing, everything else by recursive descent.</summary>
internal sealed class Parser
{
    private const int LogicOr = 1;
    private const int LogicAnd = 2;

    private readonly string _text;
    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;

    private Parser(string text) => (_text, _tokens) = (text, Lexer.Read(text));

    private Token Current => _tokens[_at];

    /// <exception cref="ExpressionException">The text is not an expression.</exception>
    public static Syntax Parse(string text)
    {
        var parser = new Parser(text);
        if (parser.Current.Kind == TokenKind.End)
        {
            throw parser.Error(0, "The expression is empty; write a condition or a value, such as source.Amount > 0.");
        }

        var whole = parser.Expression();
        if (parser.Current.Kind != TokenKind.End)
        {
            throw parser.Error(parser.Current.Offset, parser.Current.Kind == TokenKind.Symbol && parser.Current.Text is ")" or "]" or "}"
                ? $"This {parser.Current} closes nothing; remove it."
                : $"The expression is complete before {parser.Current}; an operator such as && or + is missing.");
        }

        return whole;
    }

    private static int Precedence(Token token) => token.Kind != TokenKind.Symbol ? 0 : token.Text switch
    {
        "||" => LogicOr,
        "&&" => LogicAnd,
        "==" or "!=" or "<" or "<=" or ">" or ">=" or "in" => 3,
        "+" or "-" => 4,
        "*" or "/" or "%" => 5,
        _ => 0,
    };

    private Syntax Expression()
    {
        Enter();
        var condition = Operators(LogicOr);
        if (Current.Is("?"))
        {
            var offset = Take().Offset;
            var then = Operators(LogicOr);
            Expect(":", "After ? and a value, : and the other value must follow.");
            condition = Limited(new Conditional(offset, condition, then, Expression()));
        }

        _depth--;
        return condition;
    }

    private Syntax Operators(int lowest)
    {
        var left = Prefixed();
        while (Precedence(Current) is var precedence && precedence >= lowest && precedence > 0)
        {
            var symbol = Take();
            if (precedence <= LogicAnd)
            {
                left = Limited(Chain(left, symbol, precedence));
                continue;
            }

            left = Limited(new Binary(symbol.Offset, symbol.Text, left, Operators(precedence + 1)));
        }

        return left;
    }

    private Logic Chain(Syntax first, Token symbol, int precedence)
    {
        var operands = new List<Syntax> { first, Operators(precedence + 1) };
        while (Current.Is(symbol.Text))
        {
            Take();
            operands.Add(Operators(precedence + 1));
        }

        return new Logic(symbol.Offset, precedence == LogicAnd, operands);
    }

    private Syntax Prefixed()
    {
        if (!Current.Is("!") && !Current.Is("-"))
        {
            return Member(Primary());
        }

        var sign = Take();
        if (sign.Text == "-" && Current.Kind == TokenKind.Constant && Current.Value is Digits or double)
        {
            return Member(Number(Take(), sign.Offset, isNegative: true));
        }

        Enter();
        var operand = Prefixed();
        _depth--;
        return Limited(new Unary(sign.Offset, sign.Text, operand));
    }

    private Syntax Member(Syntax operand)
    {
        while (true)
        {
            if (Current.Is("."))
            {
                Take();
                operand = Limited(Dotted(operand));
            }
            else if (Current.Is("["))
            {
                var offset = Take().Offset;
                var isOptional = Accept("?");
                var key = Expression();
                Expect("]", "The [ of the index is not closed with ].");
                operand = Limited(new Index(offset, operand, key, isOptional));
            }
            else if (Current.Is("{") && operand is Name or Select)
            {
                throw Error(Current.Offset, "Messages with a type name before { } are not supported; write a map such as {'name': value}.");
            }
            else
            {
                return operand;
            }
        }
    }

    private Syntax Dotted(Syntax operand)
    {
        var isOptional = Accept("?");
        var field = Current;
        if (field.Kind is not (TokenKind.Name or TokenKind.QuotedName))
        {
            throw Error(field.Offset, $"After the dot the name of a field or function must follow, not {field}.");
        }

        Take();
        if (isOptional || field.Kind == TokenKind.QuotedName || !Current.Is("("))
        {
            return new Select(field.Offset, operand, field.Text, isOptional);
        }

        return new Call(field.Offset, operand, field.Text, Arguments());
    }

    private Syntax Primary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TokenKind.Constant:
                return token.Value is Digits ? Number(token, token.Offset, isNegative: false) : new Literal(token.Offset, token.Value);
            case TokenKind.Name:
                return Named(token, isAbsolute: false);
            case TokenKind.Symbol when token.Text == "." && Current.Kind == TokenKind.Name:
                return Named(Take(), isAbsolute: true);
            case TokenKind.Symbol when token.Text == "(":
                var inner = Expression();
                Expect(")", "The ( is not closed with ).", token.Offset);
                return inner;
            case TokenKind.Symbol when token.Text == "[":
                return List(token.Offset);
            case TokenKind.Symbol when token.Text == "{":
                return Map(token.Offset);
            default:
                throw Error(token.Offset, token.Kind == TokenKind.End
                    ? "The expression ends here, but a value must follow; complete or shorten it."
                    : $"A value must stand here, not {token}.");
        }
    }

    private Syntax Named(Token name, bool isAbsolute)
    {
        if (Lexer.IsReserved(name.Text))
        {
            throw Error(name.Offset, $"{name} is a reserved word and cannot name a variable or function; choose another name.");
        }

        // A leading dot before a function only names the root container, which functions are in anyway.
        return Current.Is("(") ? Limited(new Call(name.Offset, null, name.Text, Arguments())) : new Name(name.Offset, name.Text, isAbsolute);
    }

    private Literal Number(Token token, int offset, bool isNegative)
    {
        if (token.Value is double number)
        {
            return new Literal(offset, isNegative ? -number : number);
        }

        var size = ((Digits)token.Value!).Size;
        if (size > long.MaxValue + (isNegative ? 1UL : 0UL))
        {
            throw Error(offset, "The int is out of range; ints go from -9223372036854775808 to 9223372036854775807. Use decimal('...') or a uint such as 5u.");
        }

        return new Literal(offset, isNegative ? unchecked(-(long)size) : (long)size);
    }

    private List<Syntax> Arguments()
    {
        var open = Take();
        var arguments = new List<Syntax>();
        if (!Accept(")"))
        {
            do
            {
                arguments.Add(Expression());
            }
            while (Accept(","));
            Expect(")", "The ( of the function is not closed with ).", open.Offset);
        }

        return arguments;
    }

    private ListOf List(int offset)
    {
        var elements = new List<Element>();
        while (!Current.Is("]"))
        {
            var isOptional = Accept("?");
            elements.Add(new Element(Expression(), isOptional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("]", "The [ of the list is not closed with ].", offset);
        return Limited(new ListOf(offset, elements));
    }

    private MapOf Map(int offset)
    {
        var entries = new List<Entry>();
        while (!Current.Is("}"))
        {
            var isOptional = Accept("?");
            var key = Expression();
            Expect(":", "In a map, : and a value must follow the key; a key that is a text stands in quotes.");
            entries.Add(new Entry(key, Expression(), isOptional));
            if (!Accept(","))
            {
                break;
            }
        }

        Expect("}", "The { of the map is not closed with }.", offset);
        return Limited(new MapOf(offset, entries));
    }

    private Token Take() => Current.Kind == TokenKind.End ? Current : _tokens[_at++];

    private bool Accept(string symbol)
    {
        if (!Current.Is(symbol))
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string symbol, string problem, int? offset = null)
    {
        if (!Accept(symbol))
        {
            throw Error(Current.Kind == TokenKind.End ? offset ?? Current.Offset : Current.Offset,
                Current.Kind == TokenKind.End ? problem : $"{problem} Here stands {Current}.");
        }
    }

    // Recursion of the parser itself; parentheses make no nodes, therefore the depth of the tree alone is not enough.
    private void Enter()
    {
        if (++_depth > Expressions.Expression.DepthMax)
        {
            throw TooDeep(Current.Offset);
        }
    }

    private T Limited<T>(T node) where T : Syntax => node.Depth <= Expressions.Expression.DepthMax ? node : throw TooDeep(node.Offset);

    private ExpressionException TooDeep(int offset) => Error(
        offset, $"The expression is nested deeper than {Expressions.Expression.DepthMax} levels here; split it, or put the values into a list.");

    private ExpressionException Error(int offset, string message) => new([ExpressionError.At(_text, offset, message)]);
}
