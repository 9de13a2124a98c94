using System.Collections.Immutable;

namespace Throughline.Sandbox.Salesforce;

/// <summary>
/// SOQL, as far as integrations use it: fields, parent paths, child sub-queries, WHERE, ORDER BY, LIMIT, OFFSET and COUNT().
/// As in Salesforce, AND and OR do not mix without parentheses.
/// </summary>
internal sealed class SoqlParser
{
    private readonly List<SoqlToken> _tokens;
    private int _at;

    private SoqlParser(string text) => _tokens = SoqlTokens.Of(text);

    public static SoqlQuery Parse(string text)
    {
        var parser = new SoqlParser(text);
        var query = parser.Query();
        return parser.Here.Kind == SoqlTokenKind.End ? query : throw parser.Unexpected();
    }

    private SoqlToken Here => _tokens[_at];

    private SoqlQuery Query()
    {
        Expect("SELECT");
        var fields = ImmutableArray.CreateBuilder<SoqlPath>();
        var children = ImmutableArray.CreateBuilder<SoqlQuery>();
        var isCount = false;
        do
        {
            if (TakeSymbol("("))
            {
                children.Add(Query());
                ExpectSymbol(")");
            }
            else if (Is("COUNT") && _tokens[_at + 1].Text == "(")
            {
                _at++;
                ExpectSymbol("(");
                ExpectSymbol(")");
                isCount = true;
            }
            else
            {
                fields.Add(Path());
            }
        }
        while (TakeSymbol(","));

        Expect("FROM");
        var from = Path().ToString();
        var where = Take("WHERE") ? Condition() : null;
        var order = ImmutableArray.CreateBuilder<(SoqlPath, bool, bool)>();
        if (Take("ORDER"))
        {
            Expect("BY");
            do
            {
                order.Add(Order());
            }
            while (TakeSymbol(","));
        }

        var limit = Take("LIMIT") ? Whole() : (int?)null;
        var offset = Take("OFFSET") ? Whole() : 0;
        return offset > 2000
            ? throw new SalesforceRefusal(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
            : new SoqlQuery(fields.ToImmutable(), children.ToImmutable(), isCount, from, where, order.ToImmutable(), limit, offset);
    }

    private (SoqlPath Path, bool Descending, bool NullsLast) Order()
    {
        var path = Path();
        var descending = Take("DESC");
        if (!descending)
        {
            Take("ASC");
        }

        var nullsLast = false;
        if (Take("NULLS"))
        {
            nullsLast = Take("LAST");
            if (!nullsLast)
            {
                Expect("FIRST");
            }
        }

        return (path, descending, nullsLast);
    }

    private SoqlCondition Condition()
    {
        var left = Term();
        if (Is("AND"))
        {
            while (Take("AND"))
            {
                left = new SoqlCondition.And(left, Term());
            }

            return Is("OR") ? throw Unexpected() : left;
        }

        while (Take("OR"))
        {
            left = new SoqlCondition.Or(left, Term());
        }

        return Is("AND") ? throw Unexpected() : left;
    }

    private SoqlCondition Term()
    {
        if (Take("NOT"))
        {
            return new SoqlCondition.Not(Term());
        }

        if (TakeSymbol("("))
        {
            var inner = Condition();
            ExpectSymbol(")");
            return inner;
        }

        var path = Path();
        if (Take("IN"))
        {
            return new SoqlCondition.Compare(path, "IN", Literals());
        }

        if (Take("NOT"))
        {
            Expect("IN");
            return new SoqlCondition.Not(new SoqlCondition.Compare(path, "IN", Literals()));
        }

        if (Take("LIKE"))
        {
            return new SoqlCondition.Compare(path, "LIKE", [Literal()]);
        }

        var op = Here.Text;
        if (Here.Kind != SoqlTokenKind.Symbol || op is not ("=" or "!=" or "<>" or "<" or "<=" or ">" or ">="))
        {
            throw Unexpected();
        }

        _at++;
        return new SoqlCondition.Compare(path, op == "<>" ? "!=" : op, [Literal()]);
    }

    private ImmutableArray<SoqlLiteral> Literals()
    {
        ExpectSymbol("(");
        var values = ImmutableArray.CreateBuilder<SoqlLiteral>();
        do
        {
            values.Add(Literal());
        }
        while (TakeSymbol(","));
        ExpectSymbol(")");
        return values.ToImmutable();
    }

    private SoqlLiteral Literal()
    {
        var literal = Here.Literal ?? throw Unexpected();
        _at++;
        return literal;
    }

    private int Whole() =>
        Literal().Value is decimal number && number >= 0 && number == decimal.Truncate(number) && number <= int.MaxValue ? (int)number : throw Unexpected();

    private SoqlPath Path()
    {
        var token = Here;
        if (token.Kind != SoqlTokenKind.Word || token.Text.EndsWith('.') || IsReserved(token.Text))
        {
            throw Unexpected();
        }

        _at++;
        return new SoqlPath([.. token.Text.Split('.')], token.Column);
    }

    private static bool IsReserved(string word) =>
        word.ToUpperInvariant() is "SELECT" or "FROM" or "WHERE" or "AND" or "OR" or "NOT" or "IN" or "LIKE" or "LIMIT" or "ORDER";

    private bool Is(string word) => Here.Kind == SoqlTokenKind.Word && Here.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private bool Take(string word)
    {
        var found = Is(word);
        _at += found ? 1 : 0;
        return found;
    }

    private void Expect(string word)
    {
        if (!Take(word))
        {
            throw Unexpected();
        }
    }

    private bool TakeSymbol(string symbol)
    {
        var found = Here.Kind == SoqlTokenKind.Symbol && Here.Text == symbol;
        _at += found ? 1 : 0;
        return found;
    }

    private void ExpectSymbol(string symbol)
    {
        if (!TakeSymbol(symbol))
        {
            throw Unexpected();
        }
    }

    private SalesforceRefusal Unexpected() =>
        SalesforceRefusal.Malformed($"\nERROR at Row:1:Column:{Here.Column}\nunexpected token: '{Here.Text}'");
}
