using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace DaprShop.Deployment.Tests;

/// <summary>What an overlay brings to a cluster, each document read strictly by what its kind may say.</summary>
public sealed class Cluster
{
    private static readonly ConcurrentDictionary<(string Path, string Rendered), Cluster> s_read = new();

    private readonly List<object> _known = [];
    private readonly List<Yaml> _others = [];

    private Cluster(string path) => Path = path;

    /// <summary>Of the rendered overlay.</summary>
    public string Path { get; }

    /// <summary>What is wrong with single documents.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Of the overlays that rules are about.</summary>
    public static IReadOnlyList<Cluster> All(Tree tree) =>
        [Read(Tree.Local, tree[Tree.Local]), Read(Tree.Production, tree[Tree.Production])];

    public string Namespace => All<V1Namespace>().Single().Name();

    /// <summary>Objects of a kind that Kubernetes itself has.</summary>
    public IEnumerable<T> All<T>() => _known.OfType<T>();

    /// <summary>Documents of a kind that somebody else has.</summary>
    public IEnumerable<Yaml> Others(string kind) => _others.Where(document => document["kind"].Text == kind);

    /// <summary>What makes pods, and their template.</summary>
    public IEnumerable<(string Name, V1PodTemplateSpec Pods)> Workloads() =>
        All<V1Deployment>().Select(one => (one.Name(), one.Spec.Template))
            .Concat(All<V1StatefulSet>().Select(one => (one.Name(), one.Spec.Template)));

    /// <summary>The services' Deployments.</summary>
    public IEnumerable<V1Deployment> Services() =>
        All<V1Deployment>().Where(one => one.GetLabel("app.kubernetes.io/component") == "service");

    /// <summary>Text under a key of a Component's metadata.</summary>
    public static Yaml Setting(Yaml component, string name) =>
        component.At("spec.metadata").Items.FirstOrDefault(item => item["name"].Text == name) ?? Yaml.None;

    /// <summary>Of a rendered overlay. Reading is slow, and most copies that rules are tried on have the same cluster.</summary>
    public static Cluster Read(string path, string rendered) => s_read.GetOrAdd((path, rendered), _ =>
    {
        var cluster = new Cluster(path);
        foreach (var document in rendered.Split("\n---\n")) cluster.Add(document);
        return cluster;
    });

    private void Add(string text)
    {
        var yaml = Yaml.One(text);
        var kind = $"{yaml["apiVersion"].Text} {yaml["kind"].Text}";
        if (Shapes.ByKind.TryGetValue(kind, out var shape))
        {
            _others.Add(yaml);
            Faults.AddRange(shape.Faults(yaml, $"{yaml["kind"].Text} {yaml.At("metadata.name").Text}"));
            return;
        }
        try
        {
            _known.AddRange(KubernetesYaml.LoadAllFromString(text, strict: true));
        }
        catch (Exception error)
        {
            Faults.Add($"{yaml["kind"].Text} {yaml.At("metadata.name").Text}: {(error.InnerException ?? error).Message}");
        }
    }
}
