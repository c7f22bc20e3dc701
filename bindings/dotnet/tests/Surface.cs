// The public members of the assembly, one a line: scripts call them by name, so none may vanish unnoticed.

using System;
using System.Collections.Generic;
using System.Reflection;

namespace EpiCloud.Interop.Tests
{
    internal static class Surface
    {
        internal static IEnumerable<string> Lines()
        {
            SortedSet<string> lines = new SortedSet<string>(StringComparer.Ordinal);
            BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (Type type in typeof(Client).Assembly.GetExportedTypes())
            {
                foreach (MemberInfo member in type.GetMembers(own))
                {
                    string line = Line(member);
                    if (line != null)
                    {
                        lines.Add(type.FullName + ": " + line);
                    }
                }
            }
            return lines;
        }

        private static string Line(MemberInfo member)
        {
            FieldInfo field = member as FieldInfo;
            PropertyInfo property = member as PropertyInfo;
            MethodBase method = member as MethodBase;
            if (field != null)
            {
                return (field.IsLiteral ? "const " : string.Empty) + Name(field.FieldType) + " " + field.Name;
            }
            if (property != null)
            {
                return (property.GetGetMethod().IsStatic ? "static " : string.Empty) + Name(property.PropertyType) + " " + property.Name + (property.GetSetMethod() != null ? " { get; set; }" : " { get; }");
            }
            // Accessors are told by their property.
            if (method == null || (method.IsSpecialName && !method.IsConstructor))
            {
                return null;
            }
            List<string> parameters = new List<string>();
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                parameters.Add(Name(parameter.ParameterType) + " " + parameter.Name + (parameter.IsOptional ? " = default" : string.Empty));
            }
            MethodInfo function = method as MethodInfo;
            string result = function == null ? string.Empty : (function.IsStatic ? "static " : string.Empty) + Name(function.ReturnType) + " ";
            return result + method.Name + "(" + string.Join(", ", parameters) + ")";
        }

        private static string Name(Type type)
        {
            if (!type.IsGenericType)
            {
                return type.Name;
            }
            List<string> arguments = new List<string>();
            foreach (Type argument in type.GetGenericArguments())
            {
                arguments.Add(Name(argument));
            }
            return type.Name.Split('`')[0] + "<" + string.Join(", ", arguments) + ">";
        }
    }
}
