namespace DaprShop.Local.Dashboard;

/// <summary>How the dashboard looks, in light and in dark.</summary>
internal static class Stylesheet
{
    private const string Css = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --good: #0a7d33; --bad: #c5221f; }
        @media (prefers-color-scheme: dark) { :root { --good: #6fdc8c; --bad: #ff8389; } }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
        h1 { font-size: 1.5rem; margin: 0; }
        h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
        thead th { background: var(--soft); font-weight: 600; white-space: nowrap; }
        tbody th { font-weight: 600; }
        .number { font-variant-numeric: tabular-nums; text-align: right; }
        .ready { color: var(--good); }
        .down, .unhealthy, .starting, .error { color: var(--bad); }
        .log { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; padding-left: 3rem; white-space: pre-wrap; }
        """;

    public static Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/css; charset=utf-8";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(Css);
    }
}
