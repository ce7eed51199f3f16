using System.Text.RegularExpressions;
using DaprShop.Contracts;
using DaprShop.Contracts.Tests;

namespace DaprShop.Deployment.Tests;

/// <summary>One app of dapr.yaml.</summary>
public sealed record App(string Id, string Port, string HttpPort, string GrpcPort);

/// <summary>A row of README's table of services.</summary>
public sealed record ReadmeRow(string Service, string Folder, string Port, string SidecarPorts, string Publishes, string ListensTo);

/// <summary>What a service publishes and listens to, as its code says.</summary>
public sealed record TopicsOf(IReadOnlyList<string> Published, IReadOnlyList<string> Heard);

/// <summary>What the shop is: where a thing is said first, everything else has to agree with that.</summary>
public static partial class Facts
{
    private static readonly Lazy<Dictionary<string, string[]>> s_heard = new(() =>
        Task.WhenAll(Services.Names.Select(AskAsync)).GetAwaiter().GetResult().ToDictionary());

    /// <summary>dapr.yaml.</summary>
    public static IReadOnlyList<App> Apps(Tree tree) => [.. Yaml.One(tree["dapr.yaml"])["apps"].Items.Select(app => new App(
        app["appID"].Text!, app["appPort"].Text ?? "", app["daprHTTPPort"].Text ?? "", app["daprGRPCPort"].Text ?? ""))];

    public static IReadOnlyList<string> Ids(Tree tree) => [.. Apps(tree).Select(app => app.Id)];

    /// <summary>The constants of contracts/dotnet/Events.cs, by name.</summary>
    public static IReadOnlyDictionary<string, string> AllTopics { get; } =
        typeof(Topics).GetFields().ToDictionary(field => field.Name, field => (string)field.GetRawConstantValue()!);

    /// <summary>What the service answers to <c>/dapr/subscribe</c>, and the topics its code names beside those.</summary>
    public static TopicsOf TopicsOf(Tree tree, string service)
    {
        var heard = s_heard.Value[service];
        var named = tree.Files($"services/{service}", ".cs").SelectMany(file => TopicName().Matches(tree[file]))
            .Select(match => AllTopics[match.Groups[1].Value]).Distinct();
        // Who hears anything puts what it cannot take to its dead letters.
        return new TopicsOf([.. named.Except(heard), .. heard.Where(IsDeadLetters)], heard);
    }

    public static bool IsDeadLetters(string topic) => topic.EndsWith(".dead-letters");

    /// <summary>README's table "Services".</summary>
    public static IReadOnlyList<ReadmeRow> Readme(Tree tree) => [.. ServiceRow().Matches(tree["README.md"]).Select(row =>
    {
        var cells = row.Value.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray();
        return new ReadmeRow(row.Groups[1].Value, row.Groups[2].Value, cells[1], cells[2], cells[4], cells[5]);
    })];

    /// <summary><c>`a.b`, `c.*`</c>: the topics.</summary>
    public static IReadOnlyList<string> TopicsIn(string cell) => [.. Quoted().Matches(cell).Select(match => match.Groups[1].Value)
        .SelectMany(name => name.EndsWith(".*")
            ? AllTopics.Values.Where(topic => topic.StartsWith(name[..^1]))
            : [name])];

    private static async Task<KeyValuePair<string, string[]>> AskAsync(string service) => KeyValuePair.Create(
        service,
        (await Services.SubscriptionsOfAsync(service)).Select(subscription => subscription.GetProperty("topic").GetString()!)
            .Order(StringComparer.Ordinal).ToArray());

    [GeneratedRegex(@"\bTopics\.([A-Z]\w+)")]
    private static partial Regex TopicName();

    [GeneratedRegex(@"^\| \[([\w-]+)\]\(([^)]+)\) \|.*\|$", RegexOptions.Multiline)]
    private static partial Regex ServiceRow();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
