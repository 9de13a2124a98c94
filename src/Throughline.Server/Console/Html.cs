using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Throughline.Model;

namespace Throughline.Server.Console;

/// <summary>Builds pages. Every text goes through the encoder; only literals of this program are markup.</summary>
internal sealed class Html
{
    private readonly StringBuilder _text = new();

    /// <summary>Markup of this program; never anything that came from outside.</summary>
    public Html Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    public Html Text(string? text)
    {
        _text.Append(HtmlEncoder.Default.Encode(text ?? ""));
        return this;
    }

    public Html Tag(string tag, string? text, string? css = null) =>
        Raw(css is null ? $"<{tag}>" : $"<{tag} class=\"{css}\">").Text(text).Raw($"</{tag}>");

    /// <summary>A cell of a table; on a narrow screen, where a row becomes a card, it shows its column's name.</summary>
    public Html Cell(string column, string? text, string? css = null) => Begin(column, css).Text(text).Raw("</td>");

    /// <summary>Begins such a cell.</summary>
    public Html Begin(string column, string? css = null) =>
        Raw($"<td data-column=\"{HtmlEncoder.Default.Encode(column)}\"{(css is null ? "" : $" class=\"{css}\"")}>");

    public Html Link(string path, string text) => Raw("<a href=\"").Text(path).Raw("\">").Text(text).Raw("</a>");

    public override string ToString() => _text.ToString();

    /// <summary>An instant in the hub's local time.</summary>
    public static string Local(string? iso) =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? TimeZoneInfo.ConvertTime(at, TimeZoneInfo.Local).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            : "";

    public static string Amount(Fields? money) => money?.AsMoney() is { } amount ? amount.ToString() : "";

    /// <summary>A whole page.</summary>
    public static string Page(string title, string body, bool refreshes) => $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        {(refreshes ? "<meta http-equiv=\"refresh\" content=\"5\">" : "")}
        <title>{HtmlEncoder.Default.Encode(title)}</title><link rel="stylesheet" href="/style.css"></head>
        <body><header><a href="/">Throughline</a></header><main>
        {body}
        </main></body></html>
        """;
}
