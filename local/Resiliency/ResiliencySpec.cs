using DaprShop.Local.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;
using YamlDotNet.Serialization.NodeDeserializers;

namespace DaprShop.Local.Resiliency;

/// <summary>
/// One <c>Resiliency</c> file as it is written. Unlike daprd, which ignores what it does not know, a mistyped key is an error here.
/// https://docs.dapr.io/operations/resiliency/
/// </summary>
public sealed class ResiliencySpec
{
    public const string Kind = "Resiliency";

    private static readonly IDeserializer s_yaml = new DeserializerBuilder()
        .WithNamingConvention(CamelCaseNamingConvention.Instance)
        .WithDuplicateKeyChecking()
        .WithNodeDeserializer(nulls => new EmptySections(nulls), where => where.InsteadOf<NullNodeDeserializer>())
        .Build();

    private static readonly IDeserializer s_kind = new DeserializerBuilder()
        .WithNamingConvention(CamelCaseNamingConvention.Instance)
        .IgnoreUnmatchedProperties()
        .Build();

    public string Name { get; private init; } = "";

    /// <summary>The app ids it is for; empty means all.</summary>
    public IReadOnlyList<string> Scopes { get; private init; } = [];

    public PoliciesYaml Policies { get; private init; } = new();

    public TargetsYaml Targets { get; private init; } = new();

    /// <summary>The file, for error messages.</summary>
    public string Source { get; private init; } = "";

    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);

    /// <summary>Reads every Resiliency file directly in these directories, in the order of their names.</summary>
    /// <exception cref="ConfigurationError">A file cannot be read, or says something that is not understood.</exception>
    public static IReadOnlyList<ResiliencySpec> Load(IEnumerable<string> directories) =>
    [
        .. directories.SelectMany(directory => Directory.EnumerateFiles(directory))
            .Where(ResourceFiles.IsYaml)
            .Order(StringComparer.Ordinal)
            .Select(file => (File: file, Text: File.ReadAllText(file)))
            .Where(file => IsResiliency(file.Text))
            .Select(file => Parse(file.Text, file.File)),
    ];

    /// <exception cref="ConfigurationError">Not a valid Resiliency document.</exception>
    public static ResiliencySpec Parse(string yaml, string source)
    {
        var document = Read(yaml, source);
        return new ResiliencySpec
        {
            Name = document.Metadata.Name,
            Scopes = document.Scopes,
            Policies = document.Spec.Policies,
            Targets = document.Spec.Targets,
            Source = source,
        };
    }

    private static DocumentYaml Read(string yaml, string source)
    {
        try
        {
            return s_yaml.Deserialize<DocumentYaml>(yaml);
        }
        catch (YamlException error)
        {
            throw new ConfigurationError($"{source}:{error.Start.Line}: {(error.InnerException ?? error).Message}");
        }
    }

    private static bool IsResiliency(string yaml)
    {
        try
        {
            return s_kind.Deserialize<KindYaml?>(yaml)?.Kind == Kind;
        }
        catch (YamlException)
        {
            return false; // whoever reads components says what is wrong with it
        }
    }

    /// <summary>A section with nothing in it, or nothing but comments, is an empty one, as in daprd.</summary>
    private sealed class EmptySections(INodeDeserializer nulls) : INodeDeserializer
    {
        public bool Deserialize(
            IParser reader, Type expectedType, Func<IParser, Type, object?> nestedObjectDeserializer, out object? value,
            ObjectDeserializer rootDeserializer)
        {
            if (!nulls.Deserialize(reader, expectedType, nestedObjectDeserializer, out value, rootDeserializer)) return false;
            if (expectedType != typeof(string)) value = Activator.CreateInstance(expectedType);
            return true;
        }
    }

    private sealed class KindYaml
    {
        public string? Kind { get; init; }
    }

    private sealed class DocumentYaml
    {
        public string ApiVersion { get; init; } = "";
        public string Kind { get; init; } = "";
        public MetadataYaml Metadata { get; init; } = new();
        public SpecYaml Spec { get; init; } = new();
        public List<string> Scopes { get; init; } = [];
    }

    private sealed class MetadataYaml
    {
        public string Name { get; init; } = "";
        public string? Namespace { get; init; }
        public Dictionary<string, string>? Labels { get; init; }
        public Dictionary<string, string>? Annotations { get; init; }
    }

    private sealed class SpecYaml
    {
        public PoliciesYaml Policies { get; init; } = new();
        public TargetsYaml Targets { get; init; } = new();
    }

    public sealed class PoliciesYaml
    {
        public Dictionary<string, string> Timeouts { get; init; } = [];
        public Dictionary<string, RetryYaml> Retries { get; init; } = [];
        public Dictionary<string, BreakerYaml> CircuitBreakers { get; init; } = [];
    }

    public sealed class RetryYaml
    {
        public string? Policy { get; init; }
        public string? Duration { get; init; }
        public string? MaxInterval { get; init; }
        public int? MaxRetries { get; init; }
        public MatchingYaml? Matching { get; init; }
    }

    public sealed class MatchingYaml
    {
        public string? HttpStatusCodes { get; init; }

        [YamlMember(Alias = "gRPCStatusCodes", ApplyNamingConventions = false)]
        public string? GrpcStatusCodes { get; init; }
    }

    public sealed class BreakerYaml
    {
        public int? MaxRequests { get; init; }
        public string? Interval { get; init; }
        public string? Timeout { get; init; }
        public string? Trip { get; init; }
    }

    public sealed class TargetsYaml
    {
        public Dictionary<string, TargetYaml> Apps { get; init; } = [];
        public Dictionary<string, ActorTargetYaml> Actors { get; init; } = [];
        public Dictionary<string, ComponentTargetYaml> Components { get; init; } = [];
    }

    public class TargetYaml
    {
        public string? Timeout { get; init; }
        public string? Retry { get; init; }
        public string? CircuitBreaker { get; init; }
        public int? CircuitBreakerCacheSize { get; init; }
    }

    public sealed class ActorTargetYaml : TargetYaml
    {
        public string? CircuitBreakerScope { get; init; }
    }

    public sealed class ComponentTargetYaml
    {
        public TargetYaml Inbound { get; init; } = new();
        public TargetYaml Outbound { get; init; } = new();
    }
}
