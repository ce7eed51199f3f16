using System.Globalization;
using static DaprShop.Local.Dashboard.Html;

namespace DaprShop.Local.Dashboard;

/// <summary>What the dashboard shows: everything on one page, and a page for each app's log. Every word from elsewhere is encoded.</summary>
internal sealed class DashboardPages(RuntimeView view, RecentLog log, TimeProvider time)
{
    private const int Seconds = 5;

    /// <summary>Pages ask for themselves again, unless they are asked to keep still.</summary>
    private const string Still = "still";

    public async Task OverviewAsync(HttpContext context) => await WriteAsync(context, view.Name, Of($"""
        {Section("services", "Services", ["service", "replica", "state", "address", "sidecar (HTTP, gRPC)", "actors", "log"], view.Replicas().Select(Row))}
        {Section("queues", "Queues", ["topic", "subscriber", "component", "waiting"], (await view.QueuesAsync()).Select(Row))}
        {Section("dead-letters", "Dead letters", ["topic", "of", "since the start", "waiting"], (await view.DeadLettersAsync()).Select(Row))}
        {Section("errors", "Recent errors", ["time (UTC)", "service", "what"], log.Errors().Reverse().Select(Row))}
        {Section("subscriptions", "Subscriptions", ["service", "component", "topic", "routes", "dead letters", "kind"], view.Subscriptions().Select(Row))}
        {Section("components", "Components", ["component", "type", "services"], view.Components().Select(Row))}
        """));

    public async Task LogAsync(HttpContext context)
    {
        var appId = (string)context.Request.RouteValues["appId"]!;
        if (!view.Knows(appId))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await WriteAsync(context, "Not here", Of($"""<p>There is no service of that name. <a href="/">All services</a></p>"""));
            return;
        }
        var lines = log.LinesOf(appId);
        await WriteAsync(context, $"{appId}: log", Of($"""
            <p><a href="/">All services</a></p>
            <p>The last {lines.Count} lines, the newest first.</p>
            <ol class="log" reversed data-testid="log">{lines.Reverse().Select(line => Of($"""<li{Marked(line.IsError)}>{line.Text}</li>"""))}</ol>
            """));
    }

    private async Task WriteAsync(HttpContext context, string title, Html body)
    {
        var isStill = context.Request.Query.ContainsKey(Still);
        context.Response.ContentType = "text/html; charset=utf-8";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.WriteAsync(Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            {(isStill ? null : Of($"""<meta http-equiv="refresh" content="{Seconds}">"""))}
            <title>{title}</title>
            <link rel="stylesheet" href="/style.css">
            <link rel="icon" href="data:,">
            </head>
            <body>
            <header>
            <h1>{title}</h1>
            <p>{(view.ShopAddress is { } shop ? Of($"""<a href="{shop.OriginalString}">{shop.OriginalString}</a> · """) : null)}{Time(time.GetUtcNow())} UTC · {(isStill
                ? Of($"""<a href="?">Refresh every {Seconds} s</a>""")
                : Of($"""<a href="?{Still}">Stop refreshing</a>"""))}</p>
            </header>
            <main>
            {body}
            </main>
            </body>
            </html>
            """).ToString());
    }

    private static Html Section(string id, string title, string[] columns, IEnumerable<Html> rows)
    {
        var all = rows.ToList();
        return Of($"""
            <section aria-labelledby="{id}">
            <h2 id="{id}">{title}</h2>
            {(all.Count == 0 ? Of($"<p>None.</p>") : Of($"""
            <div class="wide" tabindex="0" role="region" aria-labelledby="{id}"><table data-testid="{id}">
            <thead><tr>{columns.Select(column => Of($"""<th scope="col">{column}</th>"""))}</tr></thead>
            <tbody>{all}</tbody>
            </table></div>
            """))}
            </section>
            """);
    }

    private static Html Row(ReplicaRow row) => Of($"""
        <tr><th scope="row">{row.AppId}</th><td>{row.Replica}</td><td class="{row.State}">{row.State}</td><td><a href="{row.Address}">{row.Address}</a></td>
        <td>{row.HttpPort}, {row.GrpcPort}</td><td>{row.Actors}</td><td><a href="/logs/{Uri.EscapeDataString(row.AppId)}">log of {row.AppId}</a></td></tr>
        """);

    private static Html Row(QueueRow row) => Of($"""
        <tr><th scope="row">{row.Topic}</th><td>{row.AppId}</td><td>{row.Component}</td><td class="number">{row.Waiting}</td></tr>
        """);

    private static Html Row(DeadLetterRow row) => Of($"""
        <tr{Marked(row.SinceStart > 0)}><th scope="row">{row.Topic}</th><td>{row.Of}</td><td class="number">{row.SinceStart}</td><td class="number">{row.Waiting}</td></tr>
        """);

    private static Html Row(LogLine line) => Of($"""
        <tr><td>{Time(line.At)}</td><th scope="row"><a href="/logs/{Uri.EscapeDataString(line.AppId)}">{line.AppId}</a></th><td>{line.Text}</td></tr>
        """);

    private static Html Row(SubscriptionRow row) => Of($"""
        <tr><th scope="row">{row.AppId}</th><td>{row.Component}</td><td>{row.Topic}</td><td>{row.Routes}</td><td>{row.DeadLetterTopic}</td><td>{row.Kind}</td></tr>
        """);

    private static Html Row(ComponentRow row) => Of($"""
        <tr><th scope="row">{row.Name}</th><td>{row.Type}</td><td>{row.Apps}</td></tr>
        """);

    private static Html? Marked(bool isError) => isError ? Of($" class=\"error\"") : null;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
